package org.v4vgpu.device.ptx.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What is said of a strip, against each of its threads asked for itself. */
class StripsTest {
    private static final int[] EDGES = {
        0, 1, -1, 15, -16, 1000, Integer.MAX_VALUE, Integer.MIN_VALUE, Integer.MAX_VALUE - 20
    };
    private static final int[] WANTED = {
        Strips.EQUAL,
        Strips.LESS | Strips.GREATER,
        Strips.LESS,
        Strips.LESS | Strips.EQUAL,
        Strips.GREATER,
        Strips.GREATER | Strips.EQUAL
    };

    private static final int LAST = Strips.THREADS - 1;

    private final Random random = new Random(6);

    @Test
    void comparisonsHoldForEachThread() {
        int told = 0;
        for (int round = 0; round < 20_000; round++) {
            int a = number();
            int b = random.nextBoolean() ? number() : a + random.nextInt(40) - 20;
            int strideA = random.nextInt(9) - 4;
            int strideB = random.nextInt(3) - 1;
            int reachA = LAST * strideA;
            int reachB = LAST * strideB;
            int wanted = WANTED[random.nextInt(WANTED.length)];
            IntPredicate signed = t -> holds(Integer.compare(a + t * strideA, b + t * strideB), wanted);
            IntPredicate unsigned = t -> holds(Integer.compareUnsigned(a + t * strideA, b + t * strideB), wanted);
            told += check(signed, Strips.compareInts(a, reachA, b, reachB, wanted));
            told += check(
                    unsigned, Strips.compareUnsignedInts(a & 0xFFFF_FFFFL, reachA, b & 0xFFFF_FFFFL, reachB, wanted));
            long wideA = (long) a << random.nextInt(33);
            long wideB = random.nextBoolean() ? wideA + random.nextInt(60) - 30 : b;
            IntPredicate wide =
                    t -> holds(Long.compare(wideA + t * (long) strideA, wideB + t * (long) strideB), wanted);
            IntPredicate wideUnsigned =
                    t -> holds(Long.compareUnsigned(wideA + t * (long) strideA, wideB + t * (long) strideB), wanted);
            told += check(wide, Strips.compare(wideA, reachA, wideB, reachB, wanted));
            told += check(wideUnsigned, Strips.compareUnsigned(wideA, reachA, wideB, reachB, wanted));
        }
        assertTrue(told > 20_000, "only " + told + " comparisons were told");
    }

    @Test
    void wideningKeepsTheStride() {
        for (int round = 0; round < 20_000; round++) {
            int first = number();
            int stride = random.nextInt(9) - 4;
            boolean signed =
                    IntStream.range(0, Strips.THREADS).allMatch(t -> first + t * stride == first + t * (long) stride);
            boolean unsigned = IntStream.range(0, Strips.THREADS)
                    .allMatch(t -> Integer.toUnsignedLong(first + t * stride)
                            == Integer.toUnsignedLong(first) + t * (long) stride);
            assertEquals(signed, Strips.widens(first, (long) LAST * stride), first + " by " + stride);
            assertEquals(unsigned, Strips.widensUnsigned(first, (long) LAST * stride), first + " by " + stride);
        }
    }

    @Test
    void indexesStayInTheArray() {
        assertEquals(0, Strips.index(0, 0));
        assertEquals(4, Strips.index(16, 4));
        assertEquals(-1, Strips.index(20, 4));
        assertEquals(-1, Strips.index(2, 84));
        assertEquals(-1, Strips.index(-4, 84));
        assertEquals(-1, Strips.index(0, -16));
    }

    /** Answers 1 if something was told. */
    private static int check(IntPredicate holds, int told) {
        boolean all = IntStream.range(0, Strips.THREADS).allMatch(holds);
        boolean none = IntStream.range(0, Strips.THREADS).noneMatch(holds);
        assertTrue(told == -1 || (told == 1 ? all : none), "told " + told);
        return told == -1 ? 0 : 1;
    }

    private static boolean holds(int sign, int wanted) {
        return (wanted & (sign < 0 ? Strips.LESS : sign > 0 ? Strips.GREATER : Strips.EQUAL)) != 0;
    }

    private int number() {
        return random.nextInt(4) == 0
                ? EDGES[random.nextInt(EDGES.length)] + random.nextInt(40) - 20
                : random.nextInt();
    }
}
