package org.v4vgpu.device.ptx.runtime;

/**
 * Arithmetic of f16 and bf16 on their bits, rounded once to nearest even. {@code notes} adds up the constants below; generated code
 * passes it as a literal, so that it folds. Safe for any thread. Source: PTX ISA 9.7.4.
 */
public final class HalfMath {
    /** The format is bf16, not f16. */
    public static final int BFLOAT = 1;

    public static final int FLUSH = 2;
    public static final int SATURATE = 4;
    public static final int RELU = 8;

    /** min and max answer NaN where either operand is one. */
    public static final int NAN = 16;

    /** min and max compare magnitudes; the sign is the product of the signs. */
    public static final int SIGN_PRODUCT = 32;

    private static final int CANONICAL_NAN = 0x7FFF;
    private static final int SIGN = 0x8000;

    private HalfMath() {}

    public static float value(int a, int notes) {
        return SmallFloat.toFloat(flush(a, notes), notes & BFLOAT);
    }

    public static int add(int a, int b, int notes) {
        // A double holds any sum of two f16; of two bf16 it holds more than twice their bits, so that rounding twice is
        // harmless.
        return result((double) value(a, notes) + value(b, notes), notes);
    }

    public static int sub(int a, int b, int notes) {
        return result((double) value(a, notes) - value(b, notes), notes);
    }

    public static int mul(int a, int b, int notes) {
        return result((double) value(a, notes) * value(b, notes), notes);
    }

    /** The product is exact in a double; the sum is rounded to odd, which no further rounding can mistake. */
    public static int fma(int a, int b, int c, int notes) {
        double product = (double) value(a, notes) * value(b, notes);
        return result(sumToOdd(product, value(c, notes)), notes);
    }

    public static int neg(int a, int notes) {
        return flush(a, notes) ^ SIGN;
    }

    public static int abs(int a, int notes) {
        return flush(a, notes) & ~SIGN;
    }

    public static int min(int a, int b, int notes) {
        return extreme(a, b, true, notes);
    }

    public static int max(int a, int b, int notes) {
        return extreme(a, b, false, notes);
    }

    public static int ex2(int a, int notes) {
        return result(Math.pow(2, value(a, notes)), notes);
    }

    public static int tanh(int a, int notes) {
        return result(Math.tanh(value(a, notes)), notes);
    }

    private static int extreme(int first, int second, boolean least, int notes) {
        int sign = (first ^ second) & SIGN;
        boolean magnitudes = (notes & SIGN_PRODUCT) != 0;
        int a = flush(magnitudes ? first & ~SIGN : first, notes);
        int b = flush(magnitudes ? second & ~SIGN : second, notes);
        float x = SmallFloat.toFloat(a, notes & BFLOAT);
        float y = SmallFloat.toFloat(b, notes & BFLOAT);
        boolean none = Float.isNaN(x) && Float.isNaN(y);
        if (none || ((notes & NAN) != 0 && (Float.isNaN(x) || Float.isNaN(y)))) {
            return CANONICAL_NAN;
        }
        boolean takesFirst =
                Float.isNaN(y) || (!Float.isNaN(x) && (least ? Float.compare(x, y) <= 0 : Float.compare(x, y) >= 0));
        return (takesFirst ? a : b) | (magnitudes ? sign : 0);
    }

    private static int flush(int a, int notes) {
        int exponent = (notes & BFLOAT) != 0 ? 0x7F80 : 0x7C00;
        return (notes & FLUSH) != 0 && (a & exponent) == 0 ? a & SIGN : a;
    }

    private static int result(double exact, int notes) {
        return SmallFloat.convert(
                exact,
                notes & BFLOAT,
                SmallFloat.NEAREST,
                ((notes & SATURATE) != 0 ? SmallFloat.SATURATE : 0)
                        | ((notes & RELU) != 0 ? SmallFloat.RELU : 0)
                        | ((notes & FLUSH) != 0 ? SmallFloat.FLUSH : 0));
    }

    private static double sumToOdd(double a, double b) {
        double sum = a + b;
        double part = sum - a;
        double error = (a - (sum - part)) + (b - part);
        if (error == 0 || Double.isNaN(error) || (Double.doubleToRawLongBits(sum) & 1) != 0) {
            return sum;
        }
        return error > 0 ? Math.nextUp(sum) : Math.nextDown(sum);
    }
}
