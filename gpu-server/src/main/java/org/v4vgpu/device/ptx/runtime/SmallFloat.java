package org.v4vgpu.device.ptx.runtime;

/**
 * Floating-point formats narrower than a float: f16, bf16, tf32, e4m3, e5m2. Values are computed as doubles and rounded once.
 * Formats and modes are the constants below; generated code passes them as literals, so that they fold. Safe for any thread.
 * Source: PTX ISA 5.2.2 and 9.7.9.21 cvt.
 */
public final class SmallFloat {
    public static final int HALF = 0;
    public static final int BFLOAT = 1;
    public static final int TF32 = 2;
    public static final int E4M3 = 3;
    public static final int E5M2 = 4;

    /** Rounding modes: to nearest even, towards zero, down, up, to nearest with ties away from zero. */
    public static final int NEAREST = 0;

    public static final int ZERO = 1;
    public static final int DOWN = 2;
    public static final int UP = 3;
    public static final int AWAY = 4;

    /** Notes on a conversion, added up. */
    public static final int SATURATE = 1;

    public static final int RELU = 2;
    public static final int FINITE = 4;
    public static final int FLUSH = 8;

    private static final int[] PRECISION = {11, 8, 11, 4, 3};
    private static final int[] LEAST_EXPONENT = {-14, -126, -126, -6, -14};
    private static final double[] LARGEST = {65504, 0x1.FEp127, 0x1.FFCp127, 448, 57344};

    private static final int NAN_16 = 0x7FFF;

    private SmallFloat() {}

    public static float toFloat(int bits, int format) {
        return format == HALF ? Float.float16ToFloat((short) bits) : Float.intBitsToFloat(bits << 16);
    }

    /** The value of the low byte. */
    public static float byteToFloat(int bits, int format) {
        int mantissaBits = format == E4M3 ? 3 : 2;
        int bias = format == E4M3 ? 7 : 15;
        int exponent = (bits & 0x7F) >> mantissaBits;
        int mantissa = bits & (1 << mantissaBits) - 1;
        float magnitude;
        if ((bits & 0x7F) == 0x7F || (format == E5M2 && (bits & 0x7F) > 0x7C)) {
            return Float.NaN;
        } else if (format == E5M2 && (bits & 0x7F) == 0x7C) {
            magnitude = Float.POSITIVE_INFINITY;
        } else if (exponent == 0) {
            magnitude = Math.scalb((float) mantissa, 1 - bias - mantissaBits);
        } else {
            magnitude = Math.scalb((float) (mantissa | 1 << mantissaBits), exponent - bias - mantissaBits);
        }
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    }

    /** Rounds, applies the notes and answers the bits in the format. */
    public static int convert(double exact, int format, int mode, int notes) {
        double value = round(exact, format, mode);
        if ((notes & SATURATE) != 0) {
            value = FloatMath.saturate(value);
        }
        if ((notes & RELU) != 0 && value < 0) {
            value = 0;
        }
        if ((notes & FINITE) != 0 && Double.isInfinite(value)) {
            value = Math.copySign(LARGEST[format], value);
        }
        if ((notes & FLUSH) != 0 && Math.abs(value) < Math.scalb(1.0, LEAST_EXPONENT[format])) {
            value = Math.copySign(0, value);
        }
        return (notes & RELU) != 0 && value == 0 ? 0 : bits(value, format);
    }

    /** The nearest value of the format in the mode's direction, as a double. */
    static double round(double exact, int format, int mode) {
        if (exact == 0 || Double.isNaN(exact) || Double.isInfinite(exact)) {
            return exact;
        }
        int exponent = Math.max(Math.getExponent(exact), LEAST_EXPONENT[format]);
        int quantum = exponent - PRECISION[format] + 1;
        double scaled = Math.scalb(exact, -quantum);
        double integral = switch (mode) {
            case ZERO -> scaled < 0 ? Math.ceil(scaled) : Math.floor(scaled);
            case DOWN -> Math.floor(scaled);
            case UP -> Math.ceil(scaled);
            case AWAY -> Math.copySign(Math.floor(Math.abs(scaled) + 0.5), scaled);
            default -> Math.rint(scaled);
        };
        double rounded = Math.copySign(Math.scalb(integral, quantum), exact);
        if (Math.abs(rounded) <= LARGEST[format]) {
            return rounded;
        }
        boolean stays = mode == ZERO || (mode == DOWN && exact > 0) || (mode == UP && exact < 0);
        return Math.copySign(stays ? LARGEST[format] : Double.POSITIVE_INFINITY, exact);
    }

    /** The bits of a value that the format holds exactly, or of infinity or NaN. */
    private static int bits(double value, int format) {
        return switch (format) {
            case HALF -> Double.isNaN(value) ? NAN_16 : Float.floatToFloat16((float) value) & 0xFFFF;
            case BFLOAT -> Double.isNaN(value) ? NAN_16 : Float.floatToRawIntBits((float) value) >>> 16;
            case TF32 -> Double.isNaN(value) ? 0x7FFF_FFFF : Float.floatToRawIntBits((float) value);
            default -> byteBits(value, format);
        };
    }

    private static int byteBits(double value, int format) {
        if (Double.isNaN(value)) {
            return 0x7F;
        }
        int sign = Math.copySign(1, value) < 0 ? 0x80 : 0;
        int mantissaBits = PRECISION[format] - 1;
        double magnitude = Math.abs(value);
        if (Double.isInfinite(magnitude)) {
            return sign | (format == E4M3 ? 0x7F : 0x7C);
        }
        if (magnitude == 0) {
            return sign;
        }
        int exponent = Math.max(Math.getExponent(magnitude), LEAST_EXPONENT[format]);
        int digits = (int) Math.scalb(magnitude, mantissaBits - exponent);
        int field = exponent - LEAST_EXPONENT[format] + 1;
        return sign | (digits >= 1 << mantissaBits ? field << mantissaBits | digits - (1 << mantissaBits) : digits);
    }

    /** A long as a double that rounds to every narrower format as the long itself would. */
    public static double sticky(long value) {
        long magnitude = Math.abs(value);
        return magnitude <= 1L << 53 || value == Long.MIN_VALUE
                ? (double) value
                : value < 0 ? -cut(magnitude) : cut(magnitude);
    }

    /** Likewise, unsigned. */
    public static double stickyUnsigned(long value) {
        return value >= 0 && value <= 1L << 53
                ? (double) value
                : value < 0 ? 2 * cut(value >>> 1 | (value & 1)) : cut(value);
    }

    /** Drops what a double does not hold, and keeps in its last bit whether that was anything. */
    private static double cut(long magnitude) {
        long kept = magnitude & -1L << 12;
        return (double) (kept == magnitude ? magnitude : kept | 1L << 12);
    }
}
