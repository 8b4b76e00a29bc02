package org.v4vgpu.v4v;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** Real processes, killed at bad moments: the survivor notices within a second, on either transport. */
@Timeout(60)
class PeerDeathTest {
    private static final String V4V = "v4v://1:4840";
    private static final String TCP = "tcp://127.0.0.1:0";

    private final ExecutorService executor = Executors.newCachedThreadPool();

    @TempDir
    Path fabric;

    private V4vHypervisor own;

    @BeforeEach
    void open() throws IOException {
        LocalDomains.closeAll();
    }

    @AfterEach
    void close() throws InterruptedException {
        LocalDomains.closeAll();
        if (own != null) {
            own.close();
        }
        executor.shutdownNow();
        assertTrue(executor.awaitTermination(10, SECONDS), "a thread still waits for a dead peer");
    }

    /** This process's own domain, in the test's fabric. */
    private void beDomain(int domain) throws IOException {
        own = SharedMemoryHypervisor.open(Fabric.of(fabric), domain);
        LocalDomains.takeOwnership(own);
    }

    @ParameterizedTest
    @ValueSource(strings = {V4V, TCP})
    void noticesAClientKilledInTheMiddleOfASend(String address) throws Exception {
        beDomain(1);
        try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse(address));
                PeerProcess client =
                        PeerProcess.start("flood", listener.address().toString(), fabric);
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
            try (PeerProcess next =
                            PeerProcess.start("flood", listener.address().toString(), fabric);
                    MessageChannel another = listener.accept()) {
                another.receive().close();
                next.kill();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {V4V, TCP})
    void noticesAKilledClientWhileItSleepsAndWhileItIsBusy(String address) throws Exception {
        beDomain(1);
        try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse(address));
                PeerProcess first = PeerProcess.start("sit", listener.address().toString(), fabric);
                MessageChannel sleeping = listener.accept();
                PeerProcess second = PeerProcess.start("sit", listener.address().toString(), fabric);
                MessageChannel busy = listener.accept()) {
            Future<IncomingMessage> received = executor.submit(() -> sleeping.receive());
            assertThrows(
                    java.util.concurrent.TimeoutException.class,
                    () -> received.get(100, java.util.concurrent.TimeUnit.MILLISECONDS));
            first.kill();
            ExecutionException e = assertThrows(ExecutionException.class, () -> received.get(1, SECONDS));
            assertInstanceOf(PeerLostException.class, e.getCause());
            assertTrue(busy.isPeerAlive());
            second.kill();
            long start = System.nanoTime();
            while (busy.isPeerAlive()) {
                assertTrue(System.nanoTime() - start < SECONDS.toNanos(1), "not noticed in a second");
                Thread.onSpinWait();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {V4V, TCP})
    void noticesAClientKilledInTheMiddleOfACopyToABusyServer(String address) throws Exception {
        beDomain(1);
        try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse(address));
                PeerProcess client =
                        PeerProcess.start("flood", listener.address().toString(), fabric);
                MessageChannel channel = listener.accept()) {
            channel.receive().close();
            for (int i = 0; i < 30; i++) {
                assertTrue(channel.isPeerAlive(), "alive, after " + i + " questions");
                Thread.sleep(50);
            }
            client.kill();
            long start = System.nanoTime();
            while (channel.isPeerAlive()) {
                assertTrue(System.nanoTime() - start < SECONDS.toNanos(1), "not noticed in a second");
                Thread.sleep(50);
            }
            assertThrows(PeerLostException.class, () -> {
                while (true) {
                    channel.receive().close();
                }
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {V4V, TCP})
    void noticesAKilledServerInSendAndReceive(String address) throws Exception {
        beDomain(5);
        try (PeerProcess server = PeerProcess.start("serve", address, fabric);
                MessageChannel channel = MessageChannels.connect(ChannelAddress.parse(server.readLine()))) {
            assertEquals("accepted", server.readLine());
            Future<?> sending = executor.submit(() -> {
                while (true) {
                    channel.send(MemorySegment.ofArray(new byte[8]), MemorySegment.ofArray(new byte[10_000]));
                }
            });
            Future<?> receiving = executor.submit(() -> channel.receive());
            assertThrows(
                    java.util.concurrent.TimeoutException.class,
                    () -> receiving.get(100, java.util.concurrent.TimeUnit.MILLISECONDS));
            server.kill();
            ExecutionException e = assertThrows(ExecutionException.class, () -> receiving.get(1, SECONDS));
            assertInstanceOf(PeerLostException.class, e.getCause());
            assertInstanceOf(
                    IOException.class,
                    assertThrows(ExecutionException.class, () -> sending.get(1, SECONDS))
                            .getCause());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {V4V, TCP})
    void reachesAServerThatTookOverFromAKilledOne(String address) throws Exception {
        beDomain(5);
        String port;
        try (PeerProcess server = PeerProcess.start("echo", address, fabric)) {
            port = server.readLine();
            try (MessageChannel channel = MessageChannels.connect(ChannelAddress.parse(port))) {
                echo(channel);
                server.kill();
            }
        }
        try (PeerProcess server = PeerProcess.start("echo", port, fabric)) {
            assertEquals(port, server.readLine());
            try (MessageChannel channel = MessageChannels.connect(ChannelAddress.parse(port))) {
                echo(channel);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {V4V})
    void givesSeveralProcessesDomainsOfTheirOwn(String address) throws Exception {
        beDomain(1);
        List<String> peers = new ArrayList<>();
        try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse(address));
                PeerProcess first = PeerProcess.start("sit", address, fabric);
                PeerProcess second = PeerProcess.start("sit", address, fabric)) {
            for (int i = 0; i < 2; i++) {
                MessageChannel channel = listener.accept();
                peers.add(channel.peer().replaceAll(":\\d+$", ""));
                channel.close();
            }
            first.kill();
            second.kill();
        }
        assertEquals(2, peers.stream().distinct().count(), peers.toString());
    }

    private static void echo(MessageChannel channel) throws IOException {
        channel.send(MemorySegment.ofArray(new byte[] {1}));
        channel.receive(SECONDS.toNanos(10)).close();
    }
}
