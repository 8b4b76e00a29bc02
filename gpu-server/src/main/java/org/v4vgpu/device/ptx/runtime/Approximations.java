package org.v4vgpu.device.ptx.runtime;

/**
 * Powers, logarithms, sines and cosines of single precision, by polynomials in double precision that leave hardly more than the error
 * of one rounding. The same steps are done with vectors by the compiler, with these
 * constants, and give the same bits. Safe for any thread.
 */
public final class Approximations {
    /** What rounds a small number to an integer when it is added: that is in its low bits, then. */
    public static final double ROUNDER = 0x1.8p52;

    public static final long ROUNDER_BITS = Double.doubleToRawLongBits(ROUNDER);

    /** The exponents of 2 between which single precision has all there is to tell. */
    public static final double LEAST_EXPONENT = -160;

    public static final double MOST_EXPONENT = 130;

    /** The bits of the root of a half: from there to twice as much reach the numbers that have the exponent 0. */
    public static final long ROOT_BITS = Double.doubleToRawLongBits(Math.sqrt(0.5));

    public static final int FRACTION_BITS = 52;

    /** Sines and cosines of larger numbers are Java's. */
    public static final float MOST_ANGLE = 1e5f;

    public static final double QUADRANTS = 2 / Math.PI;

    /** Half of pi, in two parts. */
    public static final double QUADRANT = Math.PI / 2;

    public static final double QUADRANT_REST = 6.123233995736766e-17;

    private static final double LN2 = 0.6931471805599453;
    private static final double[] POWERS = new double[9];
    private static final double[] LOGARITHMS = new double[8];
    private static final double[] SINES = new double[7];
    private static final double[] COSINES = new double[8];

    static {
        double factor = 1;
        for (int k = 0; k < POWERS.length; k++) {
            POWERS[k] = factor;
            factor = factor * LN2 / (k + 1);
        }
        for (int k = 0; k < LOGARITHMS.length; k++) {
            LOGARITHMS[k] = 2 / LN2 / (2 * k + 1);
        }
        double sine = 1;
        double cosine = 1;
        for (int k = 0; k < COSINES.length; k++) {
            if (k < SINES.length) {
                SINES[k] = sine;
            }
            COSINES[k] = cosine;
            sine = -sine / ((2 * k + 2) * (2 * k + 3));
            cosine = -cosine / ((2 * k + 1) * (2 * k + 2));
        }
    }

    private Approximations() {}

    /** The coefficients of 2^f, for half of 1 at most. */
    public static double[] powers() {
        return POWERS.clone();
    }

    /** Of log2((1 + s) / (1 - s)) / s, in the square of s. */
    public static double[] logarithms() {
        return LOGARITHMS.clone();
    }

    /** Of sin(r) / r, in the square of r. */
    public static double[] sines() {
        return SINES.clone();
    }

    /** Of cos(r), in the square of r. */
    public static double[] cosines() {
        return COSINES.clone();
    }

    static float ex2(float a) {
        double x = Math.max(Math.min(a, MOST_EXPONENT), LEAST_EXPONENT);
        double rounded = x + ROUNDER;
        double power = polynomial(POWERS, x - (rounded - ROUNDER));
        long bits = Double.doubleToRawLongBits(power) + (Double.doubleToRawLongBits(rounded) << FRACTION_BITS);
        return Float.isNaN(a) ? a : (float) Double.longBitsToDouble(bits);
    }

    static float lg2(float a) {
        if (!(a > 0) || a == Float.POSITIVE_INFINITY) {
            return a == 0 ? Float.NEGATIVE_INFINITY : a < 0 ? Float.NaN : a;
        }
        long bits = Double.doubleToRawLongBits(a);
        long exponent = (bits - ROOT_BITS) >> FRACTION_BITS;
        double m = Double.longBitsToDouble(bits - (exponent << FRACTION_BITS));
        double s = (m - 1) / (m + 1);
        double whole = Double.longBitsToDouble(ROUNDER_BITS + exponent) - ROUNDER;
        return (float) Math.fma(s, polynomial(LOGARITHMS, s * s), whole);
    }

    static float sin(float a) {
        return Math.abs(a) < MOST_ANGLE ? (float) wave(a, 0) : (float) Math.sin(a);
    }

    static float cos(float a) {
        return Math.abs(a) < MOST_ANGLE ? (float) wave(a, 1) : (float) Math.cos(a);
    }

    /** @param quadrants to go on from the sine */
    private static double wave(double a, int quadrants) {
        double rounded = Math.fma(a, QUADRANTS, ROUNDER);
        double n = rounded - ROUNDER;
        double r = Math.fma(n, -QUADRANT_REST, Math.fma(n, -QUADRANT, a));
        double square = r * r;
        long quadrant = Double.doubleToRawLongBits(rounded) + quadrants;
        double value = (quadrant & 1) == 0 ? r * polynomial(SINES, square) : polynomial(COSINES, square);
        return Double.longBitsToDouble(Double.doubleToRawLongBits(value) ^ ((quadrant & 2) << 62));
    }

    private static double polynomial(double[] coefficients, double x) {
        double sum = coefficients[coefficients.length - 1];
        for (int k = coefficients.length - 2; k >= 0; k--) {
            sum = Math.fma(sum, x, coefficients[k]);
        }
        return sum;
    }
}
