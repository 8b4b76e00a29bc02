package org.v4vgpu.v4v.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.socket.V4vSocketFactory;

/**
 * As {@link HostilePeerTest}, for servers whose connections are streams of bytes: what a peer that means harm does ends its own connections
 * cleanly, and a friend's goes on.
 */
@Timeout(60)
abstract class HostileStreamContract {
    protected static final V4vAddress VICTIM = new V4vAddress(1, 4840);
    private static final int CONNECT_MILLIS = 10_000;

    protected final ExecutorService executor = Executors.newCachedThreadPool();

    /** What escaped that no peer may bring about. */
    protected final Queue<Throwable> unclean = new ConcurrentLinkedQueue<>();

    /** Connections of the server's that are over. */
    protected final AtomicInteger ended = new AtomicInteger();

    @TempDir
    Path directory;

    protected SharedMemoryHypervisor victim;
    private SharedMemoryHypervisor friend;
    private volatile boolean enough;

    /** Begins to echo at {@link #VICTIM}, as {@link #victim}. */
    protected abstract void serve() throws Exception;

    protected abstract void endServing() throws Exception;

    @BeforeEach
    void open() throws Exception {
        victim = SharedMemoryHypervisor.open(Fabric.of(directory), VICTIM.domain());
        friend = SharedMemoryHypervisor.open(Fabric.of(directory), 2);
        serve();
    }

    @AfterEach
    void close() throws Exception {
        enough = true;
        endServing();
        friend.close();
        victim.close();
        executor.shutdownNow();
        assertTrue(executor.awaitTermination(10, TimeUnit.SECONDS), "a thread still waits for a hostile peer");
        assertEquals(List.of(), List.copyOf(unclean));
    }

    private Socket connect() throws IOException {
        Socket socket = new V4vSocketFactory(friend).createSocket();
        socket.connect(VICTIM, CONNECT_MILLIS);
        socket.setSoTimeout(5_000);
        return socket;
    }

    private static void exchange(Socket socket, int number, int length) throws IOException {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) number);
        socket.getOutputStream().write(bytes);
        byte[] answer = socket.getInputStream().readNBytes(length);
        assertTrue(Arrays.equals(bytes, answer), "exchange " + number + " brought other bytes");
    }

    /** The friend's ping-pong; ends when told to, with the number of round trips. */
    private Future<Integer> pingPong() throws IOException {
        Socket socket = connect();
        return executor.submit(() -> {
            int count = 0;
            try (socket) {
                for (; !enough; count++) {
                    exchange(socket, count, 1 + count % 5000);
                }
            }
            return count;
        });
    }

    private void end(Future<Integer> pingPong) throws Exception {
        enough = true;
        int count = pingPong.get(10, TimeUnit.SECONDS);
        assertTrue(count > 10, "only " + count + " round trips beside the hostile peer");
    }

    private void connectOnceMore() throws IOException {
        try (Socket socket = connect()) {
            exchange(socket, 1, 100);
        }
    }

    @Test
    void endsOnlyTheConnectionsWhoseRingsAPeerScribblesOver() throws Exception {
        Future<Integer> beside = pingPong();
        try (HostilePeer hostile = HostilePeer.start("scribble-stream", directory)) {
            assertEquals(List.of("done"), hostile.readAll());
        }
        end(beside);
        connectOnceMore();
        long start = System.nanoTime();
        while (ended.get() < HostilePeer.STREAMS + 2) { // each connection, hostile or the friend's, comes to its end
            assertTrue(
                    System.nanoTime() - start < TimeUnit.SECONDS.toNanos(10),
                    "only " + ended + " of " + (HostilePeer.STREAMS + 2) + " connections came to their end");
            Thread.onSpinWait();
        }
    }

    @Test
    void goesOnWhileAPeerFloodsTheControlPath() throws Exception {
        Future<Integer> beside = pingPong();
        try (HostilePeer hostile = HostilePeer.start("flood", directory)) {
            assertEquals("flooding", hostile.readLine());
            for (int i = 0; i < 20; i++) {
                connectOnceMore();
            }
        }
        end(beside);
        connectOnceMore();
    }
}
