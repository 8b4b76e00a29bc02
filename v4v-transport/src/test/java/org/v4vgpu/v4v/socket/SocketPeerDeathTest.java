package org.v4vgpu.v4v.socket;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** Real processes, killed: whoever reads or writes notices within a second, and what had been written is read. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // an interrupt ends no wait
class SocketPeerDeathTest {
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private V4vHypervisor own;

    @TempDir
    Path fabric;

    @BeforeEach
    void open() throws Exception {
        own = SharedMemoryHypervisor.open(Fabric.of(fabric), 1);
    }

    @AfterEach
    void close() throws Exception {
        own.close();
        executor.shutdownNow();
        assertTrue(executor.awaitTermination(10, SECONDS), "a thread still waits for a dead peer");
    }

    @Test
    void endsAWaitingReadAndAWaitingWrite() throws Exception {
        try (V4vServerSocket listener = new V4vServerSocket(own)) {
            listener.bind(new V4vAddress(1, 8080));
            try (SocketPeer peer = SocketPeer.start("sit", fabric);
                    Socket socket = listener.accept()) {
                InputStream in = socket.getInputStream();
                assertEquals(1, in.read());
                Future<Integer> reading = executor.submit(() -> in.read());
                Future<?> writing = executor.submit(() -> {
                    while (true) {
                        socket.getOutputStream().write(new byte[100_000]);
                    }
                });
                assertThrows(TimeoutException.class, () -> reading.get(200, MILLISECONDS));
                assertThrows(TimeoutException.class, () -> writing.get(1, MILLISECONDS));
                peer.kill();
                for (Future<?> waiting : new Future<?>[] {reading, writing}) {
                    var e = assertThrows(ExecutionException.class, () -> waiting.get(1, SECONDS));
                    SocketException cause = assertInstanceOf(SocketException.class, e.getCause());
                    assertTrue(String.valueOf(cause.getMessage()).startsWith("Connection reset"), cause.getMessage());
                }
            }
        }
    }

    @Test
    void readsWhatADeadPeerHadWritten() throws Exception {
        try (V4vServerSocket listener = new V4vServerSocket(own)) {
            listener.bind(new V4vAddress(1, 8080));
            try (SocketPeer peer = SocketPeer.start("flood", fabric);
                    Socket socket = listener.accept()) {
                InputStream in = socket.getInputStream();
                assertEquals(1, in.read());
                while (in.available() < 500_000) {
                    Thread.onSpinWait();
                }
                peer.killAndWait();
                int left = in.available();
                assertTrue(left >= 500_000, left + " bytes");
                assertEquals(left, in.readNBytes(left).length);
                SocketException e = assertThrows(SocketException.class, () -> in.read());
                assertTrue(String.valueOf(e.getMessage()).startsWith("Connection reset"), e.getMessage());
            }
        }
    }
}
