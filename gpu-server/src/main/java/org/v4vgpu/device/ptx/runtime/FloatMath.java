package org.v4vgpu.device.ptx.runtime;

/**
 * Floating-point instructions that Java has no operator for. Approximate ones are computed in double precision and rounded, or in
 * single precision where that is within the bounds that PTX states. Source: PTX ISA 9.7.3.
 */
public final class FloatMath {
    /** What a NaN is that an instruction of single precision gives. */
    public static final int NAN_BITS = 0x7FFF_FFFF;

    private static final float NAN = Float.intBitsToFloat(NAN_BITS);

    private FloatMath() {}

    /** The same number, or the NaN of results. */
    public static float canonical(float a) {
        return Float.isNaN(a) ? NAN : a;
    }

    /** Flushes a denormal to a zero of its sign. */
    public static float ftz(float a) {
        return Math.abs(a) < Float.MIN_NORMAL ? Math.copySign(0f, a) : a;
    }

    /** Clamps to 0 .. 1, NaN to 0. */
    public static float saturate(float a) {
        return a > 0 ? Math.min(a, 1f) : 0f;
    }

    public static double saturate(double a) {
        return a > 0 ? Math.min(a, 1.0) : 0.0;
    }

    // The operand that is a number wins; Java's own min and max answer NaN.

    public static float min(float a, float b) {
        return Float.isNaN(a) ? b : Float.isNaN(b) ? a : Math.min(a, b);
    }

    public static float max(float a, float b) {
        return Float.isNaN(a) ? b : Float.isNaN(b) ? a : Math.max(a, b);
    }

    public static double min(double a, double b) {
        return Double.isNaN(a) ? b : Double.isNaN(b) ? a : Math.min(a, b);
    }

    public static double max(double a, double b) {
        return Double.isNaN(a) ? b : Double.isNaN(b) ? a : Math.max(a, b);
    }

    // .xorsign.abs: of the magnitudes, with the product of the signs.

    public static float minMagnitude(float a, float b, int propagates) {
        float least = propagates != 0 ? Math.min(Math.abs(a), Math.abs(b)) : min(Math.abs(a), Math.abs(b));
        return withSignProduct(least, a, b);
    }

    public static float maxMagnitude(float a, float b, int propagates) {
        float most = propagates != 0 ? Math.max(Math.abs(a), Math.abs(b)) : max(Math.abs(a), Math.abs(b));
        return withSignProduct(most, a, b);
    }

    private static float withSignProduct(float magnitude, float a, float b) {
        int sign = (Float.floatToRawIntBits(a) ^ Float.floatToRawIntBits(b)) & 0x8000_0000;
        return Float.intBitsToFloat(Float.floatToRawIntBits(magnitude) | sign);
    }

    public static float sqrt(float a) {
        return (float) Math.sqrt(a);
    }

    /** Rounded twice: a relative error of 2^-23 at most, where PTX allows 2^-22.9. */
    public static float rsqrt(float a) {
        return 1f / (float) Math.sqrt(a);
    }

    public static double rsqrt(double a) {
        return 1.0 / Math.sqrt(a);
    }

    public static float sin(float a) {
        return Approximations.sin(a);
    }

    public static float cos(float a) {
        return Approximations.cos(a);
    }

    public static float tanh(float a) {
        return (float) Math.tanh(a);
    }

    public static float ex2(float a) {
        return Approximations.ex2(a);
    }

    public static float lg2(float a) {
        return Approximations.lg2(a);
    }

    /** PTX ISA 9.7.3.3: copies the sign of a to b. */
    public static float copysign(float a, float b) {
        return Math.copySign(b, a);
    }

    public static double copysign(double a, double b) {
        return Math.copySign(b, a);
    }

    /** rcp.approx.ftz.f64: the low word of operand and result does not count. */
    public static double rcpApproximate(double a) {
        return highWord(1.0 / highWord(a));
    }

    /** rsqrt.approx.ftz.f64. */
    public static double rsqrtApproximate(double a) {
        return highWord(1.0 / Math.sqrt(highWord(a)));
    }

    private static double highWord(double a) {
        double high = Double.longBitsToDouble(Double.doubleToRawLongBits(a) & 0xFFFF_FFFF_0000_0000L);
        return Math.abs(high) < Double.MIN_NORMAL ? Math.copySign(0.0, high) : high;
    }

    public static int isFinite(double a) {
        return Math.abs(a) <= Double.MAX_VALUE ? 1 : 0;
    }

    public static int isInfinite(double a) {
        return Double.isInfinite(a) ? 1 : 0;
    }

    public static int isNumber(double a) {
        return Double.isNaN(a) ? 0 : 1;
    }

    public static int isNotANumber(double a) {
        return Double.isNaN(a) ? 1 : 0;
    }

    public static int isNormal(float a) {
        return Math.abs(a) >= Float.MIN_NORMAL && Math.abs(a) <= Float.MAX_VALUE ? 1 : 0;
    }

    public static int isNormal(double a) {
        return Math.abs(a) >= Double.MIN_NORMAL && Math.abs(a) <= Double.MAX_VALUE ? 1 : 0;
    }

    public static int isSubnormal(float a) {
        return a != 0 && Math.abs(a) < Float.MIN_NORMAL ? 1 : 0;
    }

    public static int isSubnormal(double a) {
        return a != 0 && Math.abs(a) < Double.MIN_NORMAL ? 1 : 0;
    }

    public static int isOrdered(double a, double b) {
        return Double.isNaN(a) || Double.isNaN(b) ? 0 : 1;
    }

    public static int isOrderedAndDiffers(double a, double b) {
        return a < b || a > b ? 1 : 0;
    }

    public static int isUnorderedOrEqual(double a, double b) {
        return a < b || a > b ? 0 : 1;
    }
}
