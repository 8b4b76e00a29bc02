package org.v4vgpu.v4v.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.V4vAddress;

/** Ring words and record headers that anybody may have written: both ends stay within the ring and say so by their exceptions. */
class RingFuzzTest {
    private static final int LENGTH = 256;
    private static final long[] WORDS = {
        RingDescriptor.RX_POSITION,
        RingDescriptor.TX_POSITION,
        RingDescriptor.RECEIVER_DOORBELL,
        RingDescriptor.SENDER_DOORBELL
    };

    private final MemorySegment bytes = MemorySegment.ofArray(new byte[LENGTH]);

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
    @FuzzTest(maxDuration = "10s")
    void survives(FuzzedDataProvider data) throws IOException {
        MemorySegment memory = Arena.ofAuto().allocate(RingDescriptor.mappedBytes(LENGTH), 8);
        int partner = data.consumeBoolean() ? 1 : V4vAddress.DOMAIN_ANY;
        RingDescriptor.initialize(memory, LENGTH, 7, partner);
        RingMemory ring = new RingMemory(Arena.ofConfined(), memory, true);
        assertTrue(ring.hold());
        V4vAddress address = new V4vAddress(2, 7);
        try (SharedReceiveRing in = new SharedReceiveRing(ring, address, partner, LENGTH, _ -> {})) {
            SharedSendRing out;
            try {
                if (data.consumeBoolean()) {
                    scribble(memory, data);
                }
                out = new SharedSendRing(ring, address, new V4vAddress(1, 8), LENGTH, _ -> {});
            } catch (RingCorruptedException e) {
                ring.letGo();
                return;
            }
            try (out) {
                while (data.remainingBytes() > 0) {
                    step(memory, in, out, data);
                }
            } catch (RingCorruptedException | ArgoException e) {
                return; // the contract
            }
        }
    }

    private void step(MemorySegment memory, SharedReceiveRing in, SharedSendRing out, FuzzedDataProvider data)
            throws IOException {
        switch (data.consumeInt(0, 7)) {
            case 0, 1 -> scribble(memory, data);
            case 2 -> send(out, data);
            case 3, 4 -> receive(in, data);
            case 5 -> {
                int free = in.freeMessageBytes();
                assertTrue(free >= 0 && free <= LENGTH - 32, () -> "free " + free);
            }
            case 6 -> {
                boolean _ = out.awaitSpace(data.consumeInt(0, LENGTH), 0);
                boolean _ = out.isEmpty();
            }
            default -> {
                boolean _ = in.await(0);
                in.release(in.position());
            }
        }
    }

    private static void scribble(MemorySegment memory, FuzzedDataProvider data) {
        long at = data.consumeBoolean()
                ? WORDS[data.consumeInt(0, WORDS.length - 1)]
                : RingDescriptor.DATA + 4L * data.consumeInt(0, LENGTH / 4 - 2);
        if (at < RingDescriptor.DATA) {
            memory.set(
                    ValueLayout.JAVA_LONG, at, data.consumeBoolean() ? data.consumeInt(-32, 1024) : data.consumeLong());
        } else {
            memory.set(ValueLayout.JAVA_INT, at, data.consumeBoolean() ? data.consumeInt(-1, 300) : data.consumeInt());
        }
    }

    private void send(SharedSendRing out, FuzzedDataProvider data) throws IOException {
        int length = data.consumeInt(0, LENGTH);
        if (out.claim(length)) {
            out.put(0, bytes, 0, length);
            assertEquals(length, out.claimed(0, length).byteSize());
            out.commit(data.consumeInt());
        }
    }

    private void receive(SharedReceiveRing in, FuzzedDataProvider data) throws IOException {
        if (in.next()) {
            int length = in.messageBytes();
            assertTrue(length >= 0 && length <= LENGTH - 32, () -> "message of " + length);
            in.copy(0, bytes, 0, length);
            in.payload(0, length).copyTo(bytes, 0);
            assertTrue(in.source().domain() < V4vAddress.DOMAIN_ANY);
            if (length >= 8) {
                int _ = in.getInt(0) + in.getInt(4);
            }
            if (data.consumeBoolean()) {
                in.release(in.position());
            }
        }
    }
}
