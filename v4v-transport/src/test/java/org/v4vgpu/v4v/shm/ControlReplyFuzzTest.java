package org.v4vgpu.v4v.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.Window;

/**
 * Answers of any kind and length by a domain that another one asks: the asking one gets an answer within its types or an error of the
 * contract, keeps no descriptor, and goes on with others.
 */
class ControlReplyFuzzTest {
    private static final int OWN = 1;
    private static final int FRIEND = 2;
    private static final int LIAR = 3;
    private static final long PORT = 7;
    private static final long WINDOW_BYTES = ScriptedDomain.RING_BYTES;
    private static final long PATIENCE_NANOS = 5_000_000;

    /** Descriptors that may be open for a moment beside those at the beginning: links on their way out. */
    private static final int SPARE_DESCRIPTORS = 16;

    @TempDir
    static Path directory;

    private static SharedMemoryHypervisor victim;
    private static SharedMemoryHypervisor friend;
    private static ReceiveRing friendly;
    private static ScriptedDomain liar;
    private static long descriptors;

    @BeforeAll
    static void open() throws IOException {
        Fabric fabric = Fabric.of(directory);
        victim = SharedMemoryHypervisor.open(fabric, OWN);
        friend = SharedMemoryHypervisor.open(fabric, FRIEND);
        friendly = friend.register(PORT, V4vAddress.DOMAIN_ANY, 4096);
        liar = ScriptedDomain.open(fabric, LIAR);
        askTheFriend();
        descriptors = openDescriptors();
    }

    @AfterAll
    static void close() throws IOException {
        liar.close();
        friend.close();
        victim.close();
    }

    private static long openDescriptors() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }

    @FuzzTest(maxDuration = "10s")
    void survives(FuzzedDataProvider data) throws IOException {
        int questions = data.consumeInt(1, 4);
        int[] kinds = data.consumeInts(questions);
        liar.follow(data);
        V4vHypervisor asking = victim.withPatience(PATIENCE_NANOS);
        for (int kind : kinds) {
            try {
                ask(asking, kind);
            } catch (IOException e) {
                assertFalse(String.valueOf(e.getMessage()).contains("\n"), e.getMessage());
            }
        }
        liar.hangUp();
        askTheFriend();
        long now = openDescriptors();
        assertTrue(now <= descriptors + SPARE_DESCRIPTORS, "from " + descriptors + " to " + now + " descriptors");
    }

    private static void ask(V4vHypervisor asking, int kind) throws IOException {
        V4vAddress there = new V4vAddress(LIAR, PORT);
        switch (Math.floorMod(kind, 5)) {
            case 0 -> {
                try (SendRing ring = asking.attach(1, there)) {
                    assertEquals(there, ring.address());
                    assertEquals(ScriptedDomain.RING_BYTES, ring.lengthBytes(), "there is memory for no other");
                    if (ring.claim(16)) {
                        ring.putInt(0, kind);
                        ring.commit(1);
                    }
                }
            }
            case 1 -> {
                V4vHypervisor.RingStatus status = asking.notify(there, 100);
                assertTrue(status.maximumMessageBytes() >= 0, status.toString());
            }
            case 2 -> {
                List<MemorySegment> parts = List.of(MemorySegment.ofArray(new byte[100]));
                assertEquals(100, asking.sendv(new V4vAddress(OWN, 1), there, 1, parts));
            }
            case 3 -> {
                try (Window window = asking.open(LIAR, PORT, WINDOW_BYTES)) {
                    assertTrue(
                            window.memory().byteSize() >= WINDOW_BYTES,
                            window.memory().toString());
                    window.memory().set(ValueLayout.JAVA_INT, WINDOW_BYTES - Integer.BYTES, kind);
                }
            }
            default -> {
                boolean _ = asking.awaitSpace(there, 100, PATIENCE_NANOS);
            }
        }
    }

    private static void askTheFriend() throws IOException {
        assertTrue(victim.notify(friendly.address(), 0).exists(), "others are asked as before");
        MemorySegment one = MemorySegment.ofArray(new byte[1]);
        assertEquals(1, victim.sendv(new V4vAddress(OWN, 1), friendly.address(), 1, List.of(one)));
        assertTrue(friendly.await(5_000_000_000L) && friendly.next(), "the message has come");
        friendly.release(friendly.position());
    }
}
