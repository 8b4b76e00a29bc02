package org.v4vgpu.device.ptx.runtime;

/**
 * The video instructions on 32 bits, and on two or four values within them. {@code notes} adds up the constants below; generated code
 * passes operation and notes as literals, so that they fold. Safe for any thread. Source: PTX ISA 9.7.17 and 9.7.18.
 */
public final class VideoMath {
    public static final int ADD = 0;
    public static final int SUBTRACT = 1;
    public static final int AVERAGE = 2;
    public static final int DIFFERENCE = 3;
    public static final int MINIMUM = 4;
    public static final int MAXIMUM = 5;
    public static final int SHIFT_LEFT = 6;
    public static final int SHIFT_RIGHT = 7;

    /** Comparisons begin here: eq, ne, lt, le, gt, ge. */
    public static final int EQUAL = 8;

    public static final int SIGNED_RESULT = 1;
    public static final int SIGNED_A = 2;
    public static final int SIGNED_B = 4;
    public static final int SATURATE = 8;

    /** What is done with the result and the third source: it is added to it, or the lesser or the greater is taken. */
    public static final int THEN_ADD = 16;

    public static final int THEN_MINIMUM = 32;
    public static final int THEN_MAXIMUM = 64;

    /** Shifts count modulo 32. */
    public static final int WRAP = 128;

    private VideoMath() {}

    /** On the whole of the operands. */
    public static int scalar(int a, int b, int c, int operation, int notes) {
        long result =
                saturate(compute(whole(a, notes & SIGNED_A), whole(b, notes & SIGNED_B), operation, notes), 32, notes);
        int found = (int) result;
        if ((notes & THEN_ADD) != 0) {
            return found + c;
        }
        boolean signed = (notes & SIGNED_RESULT) != 0;
        if ((notes & THEN_MINIMUM) != 0) {
            return signed ? Math.min(found, c) : Integer.compareUnsigned(found, c) < 0 ? found : c;
        }
        if ((notes & THEN_MAXIMUM) != 0) {
            return signed ? Math.max(found, c) : Integer.compareUnsigned(found, c) > 0 ? found : c;
        }
        return found;
    }

    /** On parts of {@code bits} each: side by side, or their sum and the third source. */
    public static int lanes(int a, int b, int c, int operation, int bits, int notes) {
        int found = (notes & THEN_ADD) != 0 ? c : 0;
        for (int at = 0; at < 32; at += bits) {
            long result =
                    compute(part(a, at, bits, notes & SIGNED_A), part(b, at, bits, notes & SIGNED_B), operation, notes);
            result = saturate(result, bits, notes);
            found = (notes & THEN_ADD) != 0 ? found + (int) result : found | ((int) result & (1 << bits) - 1) << at;
        }
        return found;
    }

    private static long whole(int a, int signed) {
        return signed != 0 ? a : a & 0xFFFF_FFFFL;
    }

    private static long part(int a, int at, int bits, int signed) {
        int high = a << 32 - bits - at;
        return signed != 0 ? high >> 32 - bits : high >>> 32 - bits;
    }

    private static long compute(long a, long b, int operation, int notes) {
        return switch (operation) {
            case ADD -> a + b;
            case SUBTRACT -> a - b;
            case AVERAGE -> a + b >= 0 ? a + b + 1 >> 1 : a + b >> 1;
            case DIFFERENCE -> Math.abs(a - b);
            case MINIMUM -> Math.min(a, b);
            case MAXIMUM -> Math.max(a, b);
            case SHIFT_LEFT -> shifted(a, count(b, notes), notes);
            case SHIFT_RIGHT -> a >> count(b, notes);
            case EQUAL -> a == b ? 1 : 0;
            case EQUAL + 1 -> a != b ? 1 : 0;
            case EQUAL + 2 -> a < b ? 1 : 0;
            case EQUAL + 3 -> a <= b ? 1 : 0;
            case EQUAL + 4 -> a > b ? 1 : 0;
            case EQUAL + 5 -> a >= b ? 1 : 0;
            default -> throw new AssertionError(operation);
        };
    }

    private static long shifted(long a, int count, int notes) {
        long result = a << count;
        boolean fits = (notes & SATURATE) == 0 || result >> count == a;
        return fits ? result : a < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
    }

    private static int count(long b, int notes) {
        return (notes & WRAP) != 0 ? (int) b & 31 : (int) Math.min(b, 32);
    }

    private static long saturate(long value, int bits, int notes) {
        if ((notes & SATURATE) == 0) {
            return value;
        }
        return (notes & SIGNED_RESULT) != 0
                ? Math.clamp(value, -1L << bits - 1, (1L << bits - 1) - 1)
                : Math.clamp(value, 0, (1L << bits) - 1);
    }
}
