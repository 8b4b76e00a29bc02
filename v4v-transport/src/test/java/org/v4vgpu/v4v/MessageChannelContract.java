package org.v4vgpu.v4v;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every message channel must do, whatever it runs over. */
@Timeout(60)
abstract class MessageChannelContract {
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private MessageListener listener;
    protected MessageChannel client;
    protected MessageChannel server;

    /** A listener at a fresh address. */
    protected abstract MessageListener listen() throws IOException;

    protected abstract MessageChannel connect(ChannelAddress address) throws IOException;

    /** Messages where many are to be tried; fewer where each takes long. */
    protected int rounds() {
        return 3000;
    }

    @BeforeEach
    void open() throws Exception {
        listener = listen();
        Future<MessageChannel> accepted = executor.submit(listener::accept);
        client = connect(listener.address());
        server = accepted.get(10, SECONDS);
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        server.close();
        listener.close();
        executor.shutdownNow();
        assertTrue(executor.awaitTermination(10, SECONDS), "a thread still waits on a closed channel");
    }

    @Test
    void echoesMessagesOfAllSizes() throws Exception {
        Future<?> echo = executor.submit(() -> echoUntilEof(server));
        Random random = new Random(1);
        List<Integer> payloads = new ArrayList<>(List.of(0, 1, 15, 16, 17, 4095, 4096, 8192, 8193));
        payloads.removeIf(bytes -> bytes > client.maximumPayloadBytes());
        payloads.add(client.maximumPayloadBytes() - 1);
        payloads.add(client.maximumPayloadBytes());
        for (int headerBytes : new int[] {0, 1, 7, 8, 9, 24, 1000, client.maximumHeaderBytes()}) {
            for (int payloadBytes : payloads) {
                byte[] header = bytes(random, headerBytes);
                byte[] payload = bytes(random, payloadBytes);
                client.send(MemorySegment.ofArray(header), MemorySegment.ofArray(payload));
                try (IncomingMessage reply = client.receive()) {
                    assertArrayEquals(header, reply.header().toArray(ValueLayout.JAVA_BYTE));
                    assertArrayEquals(payload, payload(reply), "payload of " + payloadBytes);
                }
            }
        }
        client.close();
        echo.get(10, SECONDS);
    }

    @Test
    void sendsFromNativeMemoryAndIntoClaimedSpace() throws Exception {
        Future<?> echo = executor.submit(() -> echoUntilEof(server));
        Random random = new Random(2);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(client.maximumPayloadBytes());
            for (int i = 0; i < 200; i++) {
                byte[] payload = bytes(random, random.nextInt(client.maximumPayloadBytes() + 1));
                MemorySegment.copy(payload, 0, memory, ValueLayout.JAVA_BYTE, 0, payload.length);
                if (i % 2 == 0) {
                    client.send(header("n" + i), memory.asSlice(0, payload.length));
                } else {
                    MemorySegment header = header("c" + i);
                    try (OutgoingMessage message = client.claim((int) header.byteSize(), payload.length)) {
                        assertEquals(payload.length, message.payload().byteSize());
                        message.payload().copyFrom(memory, 0);
                        message.commit(header);
                    }
                }
                try (IncomingMessage reply = client.receive()) {
                    assertEquals((i % 2 == 0 ? "n" : "c") + i, text(reply));
                    assertArrayEquals(payload, payload(reply));
                }
            }
        }
        client.close();
        echo.get(10, SECONDS);
    }

    /** As many as there is room for at once; a channel may take one at a time. */
    @Test
    void commitsSeveralClaimsInTheirOrder() throws Exception {
        Future<?> echo = executor.submit(() -> echoUntilEof(server));
        Random random = new Random(4);
        for (int i = 0; i < 200; i++) {
            List<byte[]> payloads = new ArrayList<>();
            List<OutgoingMessage> claims = new ArrayList<>();
            byte[] payload = bytes(random, random.nextInt(client.maximumPayloadBytes() + 1));
            OutgoingMessage claim = client.claim(1, payload.length);
            while (claim != null) {
                claims.add(claim);
                payloads.add(payload);
                payload = bytes(random, random.nextInt(client.maximumPayloadBytes() + 1));
                claim = client.claimFurther(1, payload.length);
            }
            for (int n = claims.size() - 1; n >= 0; n--) {
                claims.get(n).payload().copyFrom(MemorySegment.ofArray(payloads.get(n)), 0);
            }
            for (int n = 0; n < claims.size(); n++) {
                claims.get(n).commit(header("" + n));
            }
            for (int n = 0; n < claims.size(); n++) {
                try (IncomingMessage reply = client.receive()) {
                    assertEquals("" + n, text(reply));
                    assertArrayEquals(payloads.get(n), payload(reply));
                }
            }
        }
        client.close();
        echo.get(10, SECONDS);
    }

    @Test
    void aClaimThatIsClosedTakesThoseBehindItAlong() throws Exception {
        OutgoingMessage first = client.claim(1, 10);
        OutgoingMessage second = client.claimFurther(1, 10);
        OutgoingMessage third = client.claimFurther(1, 10);
        if (second == null || third == null) {
            first.close();
        } else {
            assertThrows(IllegalStateException.class, () -> third.commit(header("3")));
            first.payload().copyFrom(MemorySegment.ofArray(new byte[] {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}), 0);
            first.commit(header("1"));
            second.close();
            third.close();
            try (IncomingMessage message = server.receive()) {
                assertEquals("1", text(message));
                assertEquals(1, payload(message)[9]);
            }
        }
        client.send(header("real"));
        try (IncomingMessage message = server.receive()) {
            assertEquals("real", text(message));
        }
    }

    @Test
    void forgetsAClaimThatWasNotCommitted() throws Exception {
        try (OutgoingMessage message = client.claim(4, 100)) {
            message.payload().copyFrom(MemorySegment.ofArray(new byte[100]), 0);
        }
        client.send(header("real"));
        try (IncomingMessage message = server.receive()) {
            assertEquals("real", text(message));
        }
        assertThrows(SocketTimeoutException.class, () -> server.receive(1_000_000));
    }

    @Test
    void refusesMessagesBeyondTheLimits() throws Exception {
        assertTrue(client.maximumHeaderBytes() > 0 && client.maximumPayloadBytes() > 0);
        MemorySegment tooLong = MemorySegment.ofArray(new byte[client.maximumHeaderBytes() + 1]);
        MemorySegment tooMuch = MemorySegment.ofArray(new byte[client.maximumPayloadBytes() + 1]);
        assertThrows(IllegalArgumentException.class, () -> client.send(tooLong));
        assertThrows(IllegalArgumentException.class, () -> client.send(header("x"), tooMuch));
        assertThrows(IllegalArgumentException.class, () -> client.claim(1, client.maximumPayloadBytes() + 1));
        client.send(header("still usable"));
        try (IncomingMessage message = server.receive()) {
            assertEquals("still usable", text(message));
        }
    }

    @Test
    void holdsManyMessagesAndReleasesThemInAnyOrder() throws Exception {
        int count = 400;
        Future<?> sender = executor.submit(() -> {
            for (int i = 0; i < count; i++) {
                byte[] payload = new byte[i % 3 == 0 ? 0 : 1 + i * 7 % 600];
                java.util.Arrays.fill(payload, (byte) i);
                client.send(header("m" + i), MemorySegment.ofArray(payload));
            }
            return null;
        });
        Random random = new Random(3);
        ArrayDeque<IncomingMessage> held = new ArrayDeque<>();
        List<IncomingMessage> shuffled = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            IncomingMessage message = server.receive();
            assertEquals("m" + i, text(message));
            held.add(message);
            if (held.size() == 10) {
                shuffled.addAll(held);
                held.clear();
                Collections.shuffle(shuffled, random);
                for (IncomingMessage old : shuffled) {
                    int number = Integer.parseInt(text(old).substring(1));
                    for (byte b : payload(old)) {
                        assertEquals((byte) number, b, "payload of a held message has changed");
                    }
                    old.close();
                    old.close();
                }
                shuffled.clear();
            }
        }
        sender.get(10, SECONDS);
    }

    @Test
    void keepsOrderAndContentUnderBackPressure() throws Exception {
        int count = rounds();
        Future<?> sender = executor.submit(() -> {
            Random random = new Random(4);
            for (int i = 0; i < count; i++) {
                byte[] payload = bytes(random, random.nextInt(client.maximumPayloadBytes() / 8 + 1));
                client.send(header("m" + i), MemorySegment.ofArray(payload));
            }
            client.close();
            return null;
        });
        Random random = new Random(4);
        for (int i = 0; i < count; i++) {
            byte[] expected = bytes(random, random.nextInt(server.maximumPayloadBytes() / 8 + 1));
            try (IncomingMessage message = server.receive()) {
                assertEquals("m" + i, text(message));
                assertArrayEquals(expected, payload(message));
            }
        }
        assertThrows(EOFException.class, () -> server.receive());
        sender.get(10, SECONDS);
    }

    @Test
    void losesNothingWhenAskedForThePeersLifeBetweenMessages() throws Exception {
        int count = 300;
        Future<?> sender = executor.submit(() -> {
            Random random = new Random(6);
            for (int i = 0; i < count; i++) {
                client.send(header("m" + i), MemorySegment.ofArray(smallOrLarge(random, i)));
            }
            return null;
        });
        Random random = new Random(6);
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < i % 12; j++) {
                assertTrue(server.isPeerAlive(), "before message " + i);
            }
            try (IncomingMessage message = server.receive()) {
                assertEquals("m" + i, text(message));
                assertArrayEquals(smallOrLarge(random, i), payload(message));
            }
        }
        sender.get(10, SECONDS);
        client.close();
        assertThrows(EOFException.class, () -> server.receive());
    }

    private byte[] smallOrLarge(Random random, int number) {
        return bytes(random, number % 4 == 3 ? Math.min(client.maximumPayloadBytes(), 70_000) : number % 100);
    }

    @Test
    void deliversWhatWasSentBeforeACloseThenEof() throws Exception {
        for (int i = 0; i < 5; i++) {
            client.send(header("last words " + i), MemorySegment.ofArray(new byte[100]));
        }
        client.close();
        assertFalse(client.isOpen());
        for (int i = 0; i < 5; i++) {
            try (IncomingMessage message = server.receive()) {
                assertEquals("last words " + i, text(message));
            }
        }
        assertThrows(EOFException.class, () -> server.receive());
        assertThrows(EOFException.class, () -> server.receive(1_000_000));
        assertFalse(server.isPeerAlive());
    }

    @Test
    void deliversWhatAnAcceptorSaidBeforeItClosedAtOnce() throws Exception {
        for (int i = 0; i < 20; i++) {
            Future<?> accepted = executor.submit(() -> {
                try (MessageChannel channel = listener.accept()) {
                    channel.send(header("go away"));
                }
                return null;
            });
            try (MessageChannel refused = connect(listener.address())) {
                try (IncomingMessage message = refused.receive()) {
                    assertEquals("go away", text(message));
                }
                assertThrows(EOFException.class, refused::receive);
            }
            accepted.get(10, SECONDS);
        }
    }

    @Test
    void endsOneDirectionAndKeepsTheOther() throws Exception {
        for (int i = 0; i < 3; i++) {
            client.send(header("question " + i), MemorySegment.ofArray(new byte[100]));
        }
        client.shutdownOutput();
        client.shutdownOutput();
        assertThrows(IOException.class, () -> client.send(header("too late")));
        assertThrows(IOException.class, () -> client.claim(1, 1));
        List<IncomingMessage> held = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            held.add(server.receive());
            assertEquals("question " + i, text(held.getLast()));
        }
        assertThrows(EOFException.class, () -> server.receive());
        assertThrows(EOFException.class, () -> server.receive(1_000_000));
        held.forEach(IncomingMessage::close);
        assertTrue(server.isPeerAlive() && server.isOpen() && client.isOpen(), "only one direction has ended");
        byte[] payload = bytes(new Random(7), server.maximumPayloadBytes());
        Future<?> answers = executor.submit(() -> {
            for (int i = 0; i < 20; i++) {
                server.send(header("answer " + i), MemorySegment.ofArray(payload));
            }
            server.shutdownOutput();
            return null;
        });
        for (int i = 0; i < 20; i++) {
            try (IncomingMessage message = client.receive()) {
                assertEquals("answer " + i, text(message));
                assertArrayEquals(payload, payload(message));
            }
        }
        assertThrows(EOFException.class, () -> client.receive());
        answers.get(10, SECONDS);
        client.close();
        long start = System.nanoTime();
        while (server.isPeerAlive()) {
            assertTrue(System.nanoTime() - start < SECONDS.toNanos(1), "the close after the end was not noticed");
            Thread.onSpinWait();
        }
    }

    @Test
    void endsAReceiveThatWaitsWhenThePeerEndsItsOutput() throws Exception {
        Future<IncomingMessage> received = executor.submit(() -> server.receive());
        assertThrows(java.util.concurrent.TimeoutException.class, () -> received.get(100, MILLISECONDS));
        client.shutdownOutput();
        var e = assertThrows(java.util.concurrent.ExecutionException.class, () -> received.get(500, MILLISECONDS));
        assertEquals(EOFException.class, e.getCause().getClass());
        assertTrue(server.isPeerAlive());
    }

    @Test
    void failsToSendToAPeerThatHasClosed() throws Exception {
        server.close();
        IOException e = assertThrows(IOException.class, () -> {
            for (int i = 0; i < 100_000; i++) {
                client.send(header("into the void"), MemorySegment.ofArray(new byte[1000]));
            }
        });
        assertFalse(String.valueOf(e.getMessage()).contains("\n"));
    }

    @Test
    void givesUpReceivingAfterTheTimeAndStaysUsable() throws Exception {
        long start = System.nanoTime();
        assertThrows(SocketTimeoutException.class, () -> server.receive(50_000_000));
        assertTrue(System.nanoTime() - start >= 50_000_000);
        assertTrue(server.isOpen() && server.isPeerAlive());
        client.send(header("late"));
        try (IncomingMessage message = server.receive(SECONDS.toNanos(10))) {
            assertEquals("late", text(message));
        }
    }

    @Test
    void wakesASleepingReceiverWithinMillis() throws Exception {
        Future<Long> received = executor.submit(() -> {
            IncomingMessage message = server.receive();
            long now = System.nanoTime();
            message.close();
            return now;
        });
        assertThrows(java.util.concurrent.TimeoutException.class, () -> received.get(200, MILLISECONDS));
        long sent = System.nanoTime();
        client.send(header("wake up"));
        long nanos = received.get(10, SECONDS) - sent;
        assertTrue(nanos < MILLISECONDS.toNanos(500), "woke after " + nanos + " ns");
    }

    @Test
    void wakesAReceiverWhenThePeerCloses() throws Exception {
        Future<IncomingMessage> received = executor.submit(() -> server.receive());
        assertThrows(java.util.concurrent.TimeoutException.class, () -> received.get(100, MILLISECONDS));
        client.close();
        var e = assertThrows(java.util.concurrent.ExecutionException.class, () -> received.get(500, MILLISECONDS));
        assertEquals(EOFException.class, e.getCause().getClass());
    }

    @Test
    void endsAReceiveByACloseFromAnotherThread() throws Exception {
        Future<IncomingMessage> received = executor.submit(() -> server.receive());
        assertThrows(java.util.concurrent.TimeoutException.class, () -> received.get(100, MILLISECONDS));
        server.close();
        var e = assertThrows(java.util.concurrent.ExecutionException.class, () -> received.get(500, MILLISECONDS));
        assertTrue(e.getCause() instanceof IOException, String.valueOf(e.getCause()));
    }

    @Test
    void endsABlockedSendByACloseFromAnotherThread() throws Exception {
        Future<?> sender = executor.submit(() -> {
            byte[] payload = new byte[client.maximumPayloadBytes()];
            while (true) {
                client.send(header("nobody reads"), MemorySegment.ofArray(payload));
            }
        });
        assertThrows(java.util.concurrent.TimeoutException.class, () -> sender.get(300, MILLISECONDS));
        client.close();
        var e = assertThrows(java.util.concurrent.ExecutionException.class, () -> sender.get(500, MILLISECONDS));
        assertTrue(e.getCause() instanceof IOException, String.valueOf(e.getCause()));
    }

    @Test
    void keepsHeldPayloadsAliveAcrossAClose() throws Exception {
        byte[] payload = bytes(new Random(5), 1000);
        client.send(header("keep me"), MemorySegment.ofArray(payload));
        try (IncomingMessage message = server.receive()) {
            server.close();
            client.close();
            assertArrayEquals(payload, payload(message));
            assertEquals("keep me", text(message));
        }
        assertThrows(IOException.class, () -> server.receive());
    }

    @Test
    void refusesToBeUsedAfterAClose() {
        client.close();
        client.close();
        assertThrows(IOException.class, () -> client.send(header("x")));
        assertThrows(IOException.class, () -> client.claim(1, 1));
        assertThrows(IOException.class, () -> client.receive());
        assertFalse(client.isOpen());
    }

    private static Void echoUntilEof(MessageChannel channel) throws IOException {
        while (true) {
            try (IncomingMessage message = channel.receive()) {
                Payload payload = message.payload();
                int headerBytes = (int) message.header().byteSize();
                try (OutgoingMessage reply = channel.claim(headerBytes, (int) payload.byteSize())) {
                    MemorySegment copy = MemorySegment.ofArray(payload(message));
                    reply.payload().copyFrom(copy, 0);
                    reply.commit(message.header());
                }
            } catch (EOFException e) {
                return null;
            }
        }
    }

    protected static MemorySegment header(String text) {
        return MemorySegment.ofArray(text.getBytes(UTF_8));
    }

    protected static String text(IncomingMessage message) {
        return new String(message.header().toArray(ValueLayout.JAVA_BYTE), UTF_8);
    }

    protected static byte[] payload(IncomingMessage message) {
        byte[] bytes = new byte[(int) message.payload().byteSize()];
        message.payload().copyTo(MemorySegment.ofArray(bytes), 0);
        return bytes;
    }

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
