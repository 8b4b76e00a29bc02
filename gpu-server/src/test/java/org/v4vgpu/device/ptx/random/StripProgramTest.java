package org.v4vgpu.device.ptx.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.ptx.Kernel;
import org.v4vgpu.device.ptx.KernelBench;
import org.v4vgpu.device.ptx.runtime.GlobalAccess;
import org.v4vgpu.device.ptx.runtime.VectorUnit;

/**
 * Random programs of the kind that strips are for: in strips and singly they compute the same. Registers: u uniform, a affine, i and f of
 * any value, v predicates of any value; global, shared and local memory, barriers, branches that some strips take and others don't.
 */
class StripProgramTest {
    private static final int PROGRAMS = 60;
    static final int WORDS = 64 + 3 * 2 * 64;

    /** Words that the programs may read: quadruples, and what lies behind them. */
    private static final int IN_WORDS = 4 * 3 * 64 + 64;

    /** Behind the words that threads load, two that atomics of all threads change. */
    static final int COMMON = IN_WORDS;

    /** The words that moves in partings and of tuples store: four quadruples, and as many pairs and words further apart. */
    static final int MOVED = 4 * (4 + 2 + 2) * 3 * 64 + 4 * 64;

    /** Words that a thread stores: of four registers of either kind, of two long ones, and where partings store. */
    static final int RESULTS = 8 + 2 * 2 + 2;

    /** Threads that have a word, and those that have two, at the end of live memory: the others have none. */
    static final int EDGE = 104;

    static final int BLOCKS = 3;

    /** Of a block. */
    static final int THREADS = 64;

    @Test
    void stripsAndThreadsAgree() throws DeviceException {
        Assumptions.assumeTrue(VectorUnit.bits() > 0, "no vectors in this JVM");
        int formed = 0;
        int whole = 0;
        int parted = 0;
        for (int seed = 0; seed < PROGRAMS; seed++) {
            StripProgramWriter writer = new StripProgramWriter(seed, false);
            String text = writer.text();
            try {
                Run singly = run(text, writer.shape(), false);
                Run strips = run(text, writer.shape(), true);
                assertArrayEquals(singly.words, strips.words, "seed " + seed + "\n" + text);
                assertEquals(0, singly.left);
                formed += strips.formed ? 1 : 0;
                whole += strips.formed && strips.left == 0 ? 1 : 0;
                parted += strips.parted > 0 && strips.parted < BLOCKS ? 1 : 0;
            } catch (DeviceException failure) {
                throw new AssertionError("seed " + seed + "\n" + text, failure);
            }
        }
        String counts = formed + " programs run in strips, " + whole + " to their end, " + parted
                + " part by place in some blocks only";
        assertTrue(formed > PROGRAMS / 2 && whole > PROGRAMS / 6 && parted > 0, counts);
    }

    /** One thread does what is wrong, if it comes by: it is told alike, whether its strip can begin again or not. */
    @Test
    void faultsAreThoseOfTheSameThread() {
        Assumptions.assumeTrue(VectorUnit.bits() > 0, "no vectors in this JVM");
        int told = 0;
        for (int seed = 0; seed < PROGRAMS; seed++) {
            StripProgramWriter writer = new StripProgramWriter(seed, true);
            String text = writer.text();
            String singly = fault(text, writer.shape(), false);
            assertEquals(singly, fault(text, writer.shape(), true), "seed " + seed + "\n" + text);
            told += singly.isEmpty() ? 0 : 1;
        }
        assertTrue(told > PROGRAMS / 4, told + " programs fail");
    }

    /** What a launch says, but for addresses; empty if it says nothing. */
    private static String fault(String text, LaunchShape shape, boolean strips) {
        try {
            run(text, shape, strips);
            return "";
        } catch (DeviceException failure) {
            return failure.status() + String.valueOf(failure.getMessage()).replaceAll("0x[0-9a-f]+", "0x");
        }
    }

    /**
     * What a launch has left.
     *
     * @param left blocks that have begun in strips and ended singly
     * @param parted blocks that have parted by their coordinates, and ended in strips
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares runs
    private record Run(int[] words, boolean formed, long left, long parted) {}

    private static Run run(String text, LaunchShape shape, boolean strips) throws DeviceException {
        try (KernelBench bench = new KernelBench(text)) {
            boolean formed = bench.module().kernel("k").useStrips(strips);
            int[] words = new int[IN_WORDS + 2];
            for (int i = 0; i < IN_WORDS; i++) {
                words[i] = Float.floatToRawIntBits(i * 0.37f - 20);
                if (i % 11 == 7) {
                    words[i] = (i % 2 == 0 ? 0x7F80_0000 : 0xFFC0_0000) + i; // NaNs that moves must leave as they are.
                }
            }
            long in = bench.upload(words);
            long out = bench.memory().allocate(4L * (WORDS * RESULTS + MOVED));
            int bytes = 4 << GlobalAccess.GRANULE_SHIFT;
            long edge = bench.upload(new int[bytes / 4]) + bytes;
            long gap = bench.upload(0);
            long edges = bench.upload(new int[bytes / 4]) + bytes;
            bench.memory().free(gap);
            bench.launch("k", shape, in, out, 5, 40, edge - 4 * EDGE, edges - 8 * EDGE);
            int all = WORDS * RESULTS + MOVED;
            int[] found = Arrays.copyOf(bench.ints(out, all), all + 2 + 3 * EDGE);
            System.arraycopy(bench.ints(in + 4 * COMMON, 2), 0, found, all, 2);
            System.arraycopy(bench.ints(edge - 4 * EDGE, EDGE), 0, found, all + 2, EDGE);
            System.arraycopy(bench.ints(edges - 8 * EDGE, 2 * EDGE), 0, found, all + 2 + EDGE, 2 * EDGE);
            Kernel kernel = bench.module().kernel("k");
            return new Run(found, formed, kernel.blocksThatLeftStrips(), kernel.blocksThatParted());
        }
    }
}
