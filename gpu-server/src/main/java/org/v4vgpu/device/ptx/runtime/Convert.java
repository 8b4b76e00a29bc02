package org.v4vgpu.device.ptx.runtime;

/**
 * Conversions between floating point and integers, which saturate. NaN becomes 0 except from f64 or to 64 bits, where only the
 * highest bit is set. Source: PTX ISA 9.7.9.21 cvt.
 */
public final class Convert {
    private static final double TWO_63 = 0x1p63;

    private Convert() {}

    /** Rounds to an integral value: 0 nearest even, 1 towards zero, 2 down, 3 up. */
    public static double integral(double a, int mode) {
        return switch (mode) {
            case 0 -> Math.rint(a);
            case 1 -> a < 0 ? Math.ceil(a) : Math.floor(a);
            case 2 -> Math.floor(a);
            default -> Math.ceil(a);
        };
    }

    public static float integral(float a, int mode) {
        return (float) integral((double) a, mode);
    }

    /**
     * Truncates and saturates.
     *
     * @param bits 8, 16 or 32
     */
    public static int toSigned(double a, int bits, int fromDouble) {
        if (Double.isNaN(a)) {
            return fromDouble != 0 ? Integer.MIN_VALUE >> (32 - bits) : 0;
        }
        long most = (1L << (bits - 1)) - 1;
        return (int) Math.clamp((long) a, -most - 1, most);
    }

    public static int toUnsigned(double a, int bits, int fromDouble) {
        if (Double.isNaN(a)) {
            return fromDouble != 0 ? 1 << (bits - 1) : 0;
        }
        return (int) Math.clamp((long) a, 0, (1L << bits) - 1);
    }

    public static long toSignedLong(double a) {
        return Double.isNaN(a) ? Long.MIN_VALUE : (long) a;
    }

    public static long toUnsignedLong(double a) {
        if (Double.isNaN(a)) {
            return Long.MIN_VALUE;
        }
        if (a < TWO_63) {
            return Math.max(0, (long) a);
        }
        return a >= 2 * TWO_63 ? -1 : (long) (a - TWO_63) + Long.MIN_VALUE;
    }

    public static float unsignedToFloat(long a) {
        // The lowest bit sticks, so that halving does not round twice.
        return a >= 0 ? (float) a : 2 * (float) (a >>> 1 | (a & 1));
    }

    public static double unsignedToDouble(long a) {
        return a >= 0 ? (double) a : 2 * (double) (a >>> 1 | (a & 1));
    }

    /** Clamps a signed value to a range. */
    public static long clamp(long a, long least, long most) {
        return Math.clamp(a, least, most);
    }

    /** Clamps an unsigned value to a maximum. */
    public static long clampUnsigned(long a, long most) {
        return Long.compareUnsigned(a, most) > 0 ? most : a;
    }
}
