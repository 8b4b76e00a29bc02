package org.v4vgpu.v4v.ivshmem;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.Window;

/** A region whose every word anybody may write while two domains use it: they get results or IOExceptions, and nothing waits for ever. */
class RegionFuzzTest {
    private static final int BYTES = 2 << 20;
    private static final int RING = 256;
    private static final int WINDOW_BYTES = 40_000;

    static {
        System.setProperty(
                Heartbeats.DEAD_PROPERTY, "100"); // before it is read: less waiting for domains that are not there
    }

    @FuzzTest(maxDuration = "10s")
    void survives(FuzzedDataProvider data) throws IOException {
        MemorySegment memory = Arena.ofAuto().allocate(BYTES, 16_384);
        List<AutoCloseable> open = new ArrayList<>();
        try (IvshmemHypervisor first = IvshmemHypervisor.open(region(memory), 1);
                IvshmemHypervisor second = IvshmemHypervisor.open(region(memory), 2)) {
            try {
                for (int step = 0; step < 50 && data.remainingBytes() > 0; step++) {
                    step(memory, first, second, open, data);
                }
            } catch (IOException e) {
                assertTrue(String.valueOf(e.getMessage()).indexOf('\n') < 0, e.getMessage());
            } finally {
                close(open);
            }
        } catch (IOException e) {
            assertTrue(String.valueOf(e.getMessage()).indexOf('\n') < 0, e.getMessage());
        } finally {
            Reference.reachabilityFence(memory); // the regions' views of it don't keep it
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the region's
    private static Region region(MemorySegment memory) throws IOException {
        Arena arena = Arena.ofShared();
        return new Region("region", arena, memory.reinterpret(arena, null));
    }

    private static void step(
            MemorySegment memory,
            IvshmemHypervisor first,
            IvshmemHypervisor second,
            List<AutoCloseable> open,
            FuzzedDataProvider data)
            throws IOException {
        int partner = data.consumeBoolean() ? 2 : V4vAddress.DOMAIN_ANY;
        V4vAddress ring = new V4vAddress(1, data.consumeInt(7, 8));
        switch (data.consumeInt(0, 12)) {
            case 0, 1 -> scribbleTables(memory, data);
            case 2 -> scribbleRings(memory, data);
            case 3 -> open.add(first.register(ring.port(), partner, RING));
            case 4 -> open.add(second.attach(3, ring));
            case 5 -> {
                byte[] message = data.consumeBytes(data.consumeInt(0, 100));
                int _ = second.sendv(new V4vAddress(2, 9), ring, 5, List.of(MemorySegment.ofArray(message)));
            }
            case 6 -> {
                var status = second.notify(ring, data.consumeInt());
                assertTrue(status.maximumMessageBytes() >= 0);
            }
            case 7 -> open.add(first.share(2, data.consumeInt(0, WINDOW_BYTES)));
            case 8 -> open.add(second.open(1, data.consumeInt(-1, 20), data.consumeInt(0, WINDOW_BYTES)));
            case 9 ->
                second.open(1, nameOfOne(open, data), data.consumeInt(1, WINDOW_BYTES))
                        .close();
            default -> use(open, data);
        }
    }

    /** Of a window that is open, if the one that is picked is one. */
    private static long nameOfOne(List<AutoCloseable> open, FuzzedDataProvider data) {
        return !open.isEmpty() && open.get(data.consumeInt(0, open.size() - 1)) instanceof Window window
                ? window.name()
                : data.consumeLong();
    }

    private static void scribbleTables(MemorySegment memory, FuzzedDataProvider data) {
        long domain = 4096 + (data.consumeInt(0, 3) > 0 ? 1 : 2) * 16_384L;
        long ring = domain + 1024 + data.consumeInt(0, 1) * 64L;
        switch (data.consumeInt(0, 4)) {
            case 0 -> memory.set(ValueLayout.JAVA_LONG, domain, word(data)); // the tag
            case 1 -> memory.set(ValueLayout.JAVA_LONG, ring + 8L * data.consumeInt(0, 2), word(data));
            case 2, 3 ->
                memory.set(
                        ValueLayout.JAVA_INT,
                        ring + 24 + 4L * data.consumeInt(0, 3),
                        data.consumeBoolean() ? data.consumeInt(-4, 300) : data.consumeInt());
            default -> memory.set(ValueLayout.JAVA_LONG, 4096 + 64 * 16_384L + 8L * data.consumeInt(0, 10), word(data));
        }
    }

    private static long word(FuzzedDataProvider data) {
        return data.consumeBoolean() ? data.consumeInt(0, 1000) : data.consumeLong();
    }

    private static void scribbleRings(MemorySegment memory, FuzzedDataProvider data) {
        long chunk = RegionDescriptor.chunkOffset(RegionDescriptor.chunks(BYTES), data.consumeInt(0, 2));
        long at = data.pickValue(new long[] {0, 8, 16, 128, 256, 384, 512, 4096, 4104});
        memory.set(
                ValueLayout.JAVA_LONG,
                chunk + at,
                data.consumeBoolean() ? data.consumeInt(0, 300) : data.consumeLong());
    }

    private static void use(List<AutoCloseable> open, FuzzedDataProvider data) throws IOException {
        if (open.isEmpty()) {
            return;
        }
        AutoCloseable one = open.get(data.consumeInt(0, open.size() - 1));
        switch (one) {
            case ReceiveRing in -> {
                if (in.next()) {
                    byte[] bytes = new byte[in.messageBytes()];
                    in.copy(0, MemorySegment.ofArray(bytes), 0, bytes.length);
                    assertTrue(in.source().domain() < V4vAddress.DOMAIN_ANY);
                    in.release(in.position());
                }
            }
            case SendRing out -> {
                if (out.claim(data.consumeInt(0, RING))) {
                    out.commit(1);
                }
            }
            case Window window -> {
                long last = window.memory().byteSize() - 1;
                window.memory().set(ValueLayout.JAVA_BYTE, last, data.consumeByte());
            }
            default -> throw new AssertionError(one);
        }
    }

    private static void close(List<AutoCloseable> open) {
        for (AutoCloseable one : open) {
            try {
                one.close();
            } catch (Exception e) {
                throw new AssertionError("closing throws nothing", e);
            }
        }
    }
}
