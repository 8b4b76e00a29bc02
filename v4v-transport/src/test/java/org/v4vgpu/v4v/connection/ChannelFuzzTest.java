package org.v4vgpu.v4v.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Optional;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.ring.RingDescriptor;
import org.v4vgpu.v4v.ring.RingMemory;
import org.v4vgpu.v4v.ring.SharedReceiveRing;
import org.v4vgpu.v4v.ring.SharedSendRing;

/** Records of a sound ring with any content: a channel gives whole messages or an IOException, and the handshake one line. */
class ChannelFuzzTest {
    private static final int LENGTH = 1024;

    @FuzzTest(maxDuration = "10s")
    void survives(FuzzedDataProvider data) throws IOException {
        if (data.consumeBoolean()) {
            handshake(MemorySegment.ofArray(data.consumeRemainingAsBytes()));
        } else {
            messages(data);
        }
    }

    private static void handshake(MemorySegment message) {
        String foreignness = ConnectDescriptor.foreignness(message);
        if (foreignness.isEmpty()) {
            long port = ConnectDescriptor.port(message);
            assertTrue(port >= 0 && port <= 0xFFFF_FFFFL);
            assertOneLine(ConnectDescriptor.reason(message));
        } else {
            assertOneLine(foreignness);
        }
    }

    private static void assertOneLine(String text) {
        assertTrue(text.chars().noneMatch(Character::isISOControl), text);
        assertTrue(text.length() <= 300, text);
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
    private static void messages(FuzzedDataProvider data) throws IOException {
        MemorySegment memory = Arena.ofAuto().allocate(RingDescriptor.mappedBytes(LENGTH), 16);
        RingDescriptor.initialize(memory, LENGTH, 7, 1);
        RingMemory ring = new RingMemory(Arena.ofConfined(), memory, true);
        assertTrue(ring.hold());
        V4vAddress address = new V4vAddress(2, 7);
        SharedReceiveRing in = new SharedReceiveRing(ring, address, 1, LENGTH, _ -> {});
        ArgoException none = new ArgoException(ArgoError.ECONNREFUSED, "none");
        try (SharedSendRing peer = new SharedSendRing(ring, address, new V4vAddress(1, 8), LENGTH, _ -> {});
                V4vMessageChannel channel = new V4vMessageChannel(
                        in, new VanishedSendRing(new V4vAddress(1, 8), LENGTH, none), "peer", Optional.empty())) {
            ArrayDeque<IncomingMessage> held = new ArrayDeque<>();
            try {
                while (data.remainingBytes() > 0) {
                    send(peer, data);
                    IncomingMessage message = channel.receive(0);
                    read(message);
                    held.add(message);
                    if (held.size() > 3 || data.consumeBoolean()) {
                        (data.consumeBoolean() ? held.removeFirst() : held.removeLast()).close();
                    }
                }
            } catch (IOException e) {
                assertTrue(String.valueOf(e.getMessage()).indexOf('\n') < 0);
            }
            held.forEach(IncomingMessage::close);
        }
    }

    private static void send(SharedSendRing peer, FuzzedDataProvider data) throws IOException {
        int type = data.consumeInt(0, 15) > 0 ? ConnectDescriptor.DATA : data.consumeInt();
        int header = data.consumeInt(-2, 200);
        int payload = data.consumeInt(-2, 300);
        byte[] body = data.consumeBytes(data.consumeInt(0, 16));
        int length = data.consumeInt(0, 15) > 0 && header >= 0 && payload >= 0
                ? FrameDescriptor.messageBytes(header, payload)
                : data.consumeInt(0, LENGTH - 32);
        if (data.consumeInt(0, 15) == 0) {
            header = data.consumeInt();
            payload = data.consumeInt();
        }
        if (!peer.claim(length)) {
            throw new ArgoException(ArgoError.EAGAIN, "full");
        }
        if (length >= FrameDescriptor.HEADER) {
            peer.putInt(FrameDescriptor.HEADER_LENGTH, header);
            peer.putInt(FrameDescriptor.PAYLOAD_LENGTH, payload);
            int bytes = Math.min(body.length, length - FrameDescriptor.HEADER);
            peer.put(FrameDescriptor.HEADER, MemorySegment.ofArray(body), 0, bytes);
        }
        peer.commit(type);
    }

    private static void read(IncomingMessage message) {
        byte[] header = message.header().toArray(ValueLayout.JAVA_BYTE);
        byte[] payload = new byte[(int) message.payload().byteSize()];
        message.payload().copyTo(MemorySegment.ofArray(payload), 0);
        assertEquals(message.payload().byteSize(), payload.length);
        assertTrue(header.length <= 64 * 1024);
    }
}
