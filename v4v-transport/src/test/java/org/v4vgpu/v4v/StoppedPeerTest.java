package org.v4vgpu.v4v;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.connection.V4vListener;
import org.v4vgpu.v4v.shm.ControlBacklog;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** Real processes that are stopped, crash or lose their fabric: they delay nobody else and leave nothing behind. */
@Timeout(60)
class StoppedPeerTest {
    private static final String ADDRESS = "v4v://1:4840";

    private final ExecutorService executor = Executors.newCachedThreadPool();

    @TempDir
    Path directory;

    private @Nullable V4vHypervisor own;

    @BeforeEach
    void open() {
        LocalDomains.closeAll();
    }

    @AfterEach
    void close() throws InterruptedException {
        LocalDomains.closeAll();
        if (own != null) {
            own.close();
        }
        executor.shutdownNow();
        assertTrue(executor.awaitTermination(10, SECONDS), "a thread still waits for a stopped peer");
    }

    private V4vHypervisor beDomain(int domain) throws IOException {
        V4vHypervisor hypervisor = SharedMemoryHypervisor.open(Fabric.of(directory), domain);
        own = hypervisor;
        LocalDomains.takeOwnership(hypervisor);
        return hypervisor;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void acceptsOthersWhileAConnectorIsStopped(boolean backlogFull) throws Exception {
        V4vHypervisor server = beDomain(1);
        ReceiveRing listening = server.register(4840, V4vAddress.DOMAIN_ANY, 4096);
        try (PeerProcess stopped = PeerProcess.start("request", ADDRESS, directory)) {
            int domain = Integer.parseInt(stopped.readLine());
            stopped.stop();
            ControlBacklog backlog = backlogFull ? ControlBacklog.fill(Fabric.of(directory), domain) : null;
            // The request lies in the ring before anybody else's.
            try (V4vHypervisor other = SharedMemoryHypervisor.open(Fabric.of(directory), 77);
                    V4vListener listener = V4vListener.open(new WaitingRequests(server, listening), 4840)) {
                for (int i = 0; i < 3; i++) {
                    Future<MessageChannel> accepted = executor.submit(listener::accept);
                    Future<MessageChannel> connected = executor.submit(
                            () -> V4vConnections.connect(other, new V4vAddress(1, 4840), SECONDS.toNanos(10)));
                    try (MessageChannel client = connected.get(1, SECONDS);
                            MessageChannel channel = accepted.get(1, SECONDS)) {
                        client.send(MemorySegment.ofArray(new byte[3]));
                        channel.receive(SECONDS.toNanos(1)).close();
                    }
                }
            } finally {
                if (backlog != null) {
                    backlog.close();
                }
            }
        }
    }

    @Test
    void givesUpConnectingToAStoppedServerInTime() throws Exception {
        V4vHypervisor client = beDomain(5);
        try (PeerProcess server = PeerProcess.start("echo", ADDRESS, directory)) {
            assertEquals(ADDRESS, server.readLine());
            server.stop();
            V4vAddress address = new V4vAddress(1, 4840);
            Future<IOException> unanswered = executor.submit(() -> assertThrows(
                    IOException.class, () -> V4vConnections.connect(client, address, MILLISECONDS.toNanos(200))));
            assertTrue(String.valueOf(unanswered.get(1, SECONDS).getMessage()).contains(ADDRESS));
            try (ControlBacklog unused = ControlBacklog.fill(Fabric.of(directory), 1)) {
                assertTrue(unused != null);
                Future<IOException> full = executor.submit(() -> assertThrows(
                        IOException.class, () -> V4vConnections.connect(client, address, MILLISECONDS.toNanos(200))));
                assertTrue(String.valueOf(full.get(1, SECONDS).getMessage()).contains(ADDRESS));
            }
            server.resume();
            try (MessageChannel channel = V4vConnections.connect(client, address, SECONDS.toNanos(10))) {
                channel.send(MemorySegment.ofArray(new byte[1]));
                channel.receive(SECONDS.toNanos(10)).close();
            }
        }
    }

    @Test
    void waitsForAStoppedPeerUnlessToldOtherwise() throws Exception {
        beDomain(1);
        try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse(ADDRESS));
                PeerProcess client = PeerProcess.start("flood", ADDRESS, directory);
                MessageChannel channel = listener.accept()) {
            client.stop();
            Future<?> drained = executor.submit(() -> {
                while (true) {
                    channel.receive().close();
                }
            });
            assertThrows(TimeoutException.class, () -> drained.get(700, MILLISECONDS));
            assertTrue(channel.isPeerAlive() && channel.isOpen());
            client.resume();
            assertThrows(TimeoutException.class, () -> drained.get(100, MILLISECONDS));
            client.kill();
            ExecutionException e = assertThrows(ExecutionException.class, () -> drained.get(1, SECONDS));
            assertInstanceOf(PeerLostException.class, e.getCause());
        }
    }

    @Test
    void givesUpAStoppedPeerBeyondTheLimit() throws Exception {
        Files.writeString(directory.resolve("fabric.properties"), "stopped-millis=600\n");
        beDomain(1);
        try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse(ADDRESS));
                PeerProcess first = PeerProcess.start("sit", ADDRESS, directory);
                MessageChannel stopped = listener.accept();
                PeerProcess second = PeerProcess.start("sit", ADDRESS, directory);
                MessageChannel living = listener.accept()) {
            Future<IncomingMessage> received = executor.submit(() -> stopped.receive());
            assertThrows(TimeoutException.class, () -> received.get(1, SECONDS), "both show life while they idle");
            first.stop();
            ExecutionException e = assertThrows(ExecutionException.class, () -> received.get(1, SECONDS));
            assertInstanceOf(PeerLostException.class, e.getCause());
            assertFalse(stopped.isPeerAlive());
            assertTrue(living.isPeerAlive());
            first.resume();
            assertTrue(first.awaitExit() != 0, "it learns that it was given up");
            second.kill();
        }
    }

    @Test
    void deliversAllThatAPeerSaidBeforeItClosedAndExited() throws Exception {
        beDomain(1);
        try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse(ADDRESS));
                PeerProcess client = PeerProcess.start("say", ADDRESS, directory);
                MessageChannel channel = listener.accept()) {
            assertEquals(0, client.awaitExit());
            long start = System.nanoTime();
            while (channel.isPeerAlive()) {
                assertTrue(System.nanoTime() - start < SECONDS.toNanos(1), "not noticed in a second");
            }
            for (int i = 0; i < PeerProcess.LAST_WORDS; i++) {
                try (IncomingMessage message = channel.receive()) {
                    assertEquals(i, message.payload().byteSize());
                }
            }
            assertThrows(java.io.EOFException.class, channel::receive);
        }
    }

    @Test
    void endsEverythingWhenTheFabricIsRemoved() throws Exception {
        Path removed = Files.createDirectory(directory.resolve("fabric"));
        own = SharedMemoryHypervisor.open(Fabric.of(removed), 1);
        LocalDomains.takeOwnership(own);
        MessageListener listener = MessageChannels.listen(ChannelAddress.parse(ADDRESS));
        try (PeerProcess client = PeerProcess.start("sit", ADDRESS, removed);
                MessageChannel channel = listener.accept()) {
            Future<IncomingMessage> received = executor.submit(() -> channel.receive());
            Future<MessageChannel> accepted = executor.submit(listener::accept);
            assertThrows(TimeoutException.class, () -> received.get(100, MILLISECONDS));
            try (Stream<Path> files = Files.walk(removed)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
            assertInstanceOf(
                    IOException.class,
                    assertThrows(ExecutionException.class, () -> received.get(1, SECONDS))
                            .getCause());
            assertInstanceOf(
                    IOException.class,
                    assertThrows(ExecutionException.class, () -> accepted.get(1, SECONDS))
                            .getCause());
            assertTrue(client.awaitExit() >= 0);
            assertThrows(IOException.class, () -> channel.send(MemorySegment.ofArray(new byte[1])));
            assertFalse(Files.exists(removed));
        } finally {
            listener.close();
        }
    }

    @Test
    void cleansUpWhatACrashHasLeft() throws Exception {
        try (PeerProcess server = PeerProcess.start("echo", "v4v://9:1", directory)) {
            assertEquals("v4v://9:1", server.readLine());
            assertTrue(Files.exists(directory.resolve("9.sock")));
            server.kill();
            server.awaitExit();
        }
        assertTrue(Files.exists(directory.resolve("9.sock")));
        beDomain(1);
        assertFalse(Files.exists(directory.resolve("9.sock")));
        assertTrue(Files.exists(directory.resolve("1.sock")));
        try (V4vHypervisor next = SharedMemoryHypervisor.open(Fabric.of(directory), 9)) {
            assertEquals(9, next.domain());
            assertTrue(Files.exists(directory.resolve("1.sock")), "a living domain's is no leftover");
        }
    }
}
