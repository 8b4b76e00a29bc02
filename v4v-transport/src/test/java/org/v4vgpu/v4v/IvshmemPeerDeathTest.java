package org.v4vgpu.v4v;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.ivshmem.IvshmemHypervisor;

/** Two processes on one region, one of them killed at bad moments. */
@Timeout(60)
class IvshmemPeerDeathTest {
    private static final String ADDRESS = "v4v://1:4840";

    private final ExecutorService executor = Executors.newCachedThreadPool();

    @TempDir
    Path directory;

    private Path region;

    @BeforeEach
    void open() throws IOException {
        LocalDomains.closeAll();
        region = Regions.at(directory.resolve("region"));
    }

    @AfterEach
    void close() throws InterruptedException {
        LocalDomains.closeAll();
        executor.shutdownNow();
        assertTrue(executor.awaitTermination(10, SECONDS), "a thread still waits for a dead peer");
    }

    private void beDomain(int domain) throws IOException {
        LocalDomains.takeOwnership(IvshmemHypervisor.open(region, domain));
    }

    @Test
    void talksToAProcessAndReachesTheOneThatTookOverFromIt() throws Exception {
        beDomain(5);
        for (int life = 0;
                life < 2;
                life++) { // the first one is killed, and its domain, rings and space are taken over
            try (PeerProcess server = PeerProcess.startInRegion("echo", ADDRESS, region)) {
                assertEquals(ADDRESS, server.readLine());
                MessageChannel channel = MessageChannels.connect(ChannelAddress.parse(ADDRESS));
                for (int i = 0; i < 1000; i++) {
                    MemorySegment header = MemorySegment.ofArray(new byte[8]);
                    header.set(ValueLayout.JAVA_INT_UNALIGNED, 0, i);
                    channel.send(header);
                    try (IncomingMessage reply = channel.receive(SECONDS.toNanos(10))) {
                        assertEquals(i, reply.header().get(ValueLayout.JAVA_INT_UNALIGNED, 0));
                    }
                }
                Future<IncomingMessage> received = executor.submit(() -> channel.receive());
                server.kill();
                ExecutionException e = assertThrows(ExecutionException.class, () -> received.get(1, SECONDS));
                assertInstanceOf(PeerLostException.class, e.getCause());
                channel.close();
            }
        }
    }

    @Test
    void noticesAClientKilledInTheMiddleOfASend() throws Exception {
        beDomain(1);
        try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse(ADDRESS));
                PeerProcess client = PeerProcess.startInRegion("flood", ADDRESS, region);
                MessageChannel channel = listener.accept()) {
            for (int i = 0; i < 100; i++) {
                channel.receive().close();
            }
            Future<IOException> end = executor.submit(() -> assertThrows(IOException.class, () -> {
                while (true) {
                    channel.receive().close();
                }
            }));
            client.kill();
            assertInstanceOf(PeerLostException.class, end.get(1, SECONDS));
            assertFalse(channel.isPeerAlive());
        }
    }
}
