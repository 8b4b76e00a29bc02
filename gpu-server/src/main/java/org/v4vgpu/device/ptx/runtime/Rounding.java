package org.v4vgpu.device.ptx.runtime;

import java.math.BigDecimal;

/**
 * Directed rounding: .rz .rm .rp. The nearest result is compared with the exact one and corrected by one step. Rare, hence simple
 * rather than fast. Modes: 1 towards zero, 2 down, 3 up.
 */
public final class Rounding {
    private Rounding() {}

    public static float add(float a, float b, int mode) {
        float nearest = a + b;
        if (!isFinite(a, b, 0)) {
            return nearest;
        }
        BigDecimal sum = exact(a).add(exact(b));
        boolean positive = isPositiveZero(a) && isPositiveZero(b);
        return sum.signum() == 0 && mode == 2 && !positive ? -0f : round(nearest, sum, mode);
    }

    public static float sub(float a, float b, int mode) {
        return add(a, -b, mode);
    }

    public static float mul(float a, float b, int mode) {
        float nearest = a * b;
        return isFinite(a, b, 0) ? round(nearest, exact(a).multiply(exact(b)), mode) : nearest;
    }

    public static float fma(float a, float b, float c, int mode) {
        float nearest = Math.fma(a, b, c);
        if (!isFinite(a, b, c)) {
            return nearest;
        }
        BigDecimal sum = exact(a).multiply(exact(b)).add(exact(c));
        boolean positive = isPositiveZero(a * b) && isPositiveZero(c);
        return sum.signum() == 0 && mode == 2 && !positive ? -0f : round(nearest, sum, mode);
    }

    public static float div(float a, float b, int mode) {
        // The quotient of two floats in double is never within half an ulp of a float without being that float.
        return isFinite(a, b, 0) && b != 0 ? round((double) a / b, mode) : a / b;
    }

    public static float rcp(float a, int mode) {
        return div(1f, a, mode);
    }

    public static float sqrt(float a, int mode) {
        double root = Math.sqrt(a);
        return a > 0 && a <= Float.MAX_VALUE ? round(root, mode) : (float) root;
    }

    public static double add(double a, double b, int mode) {
        double nearest = a + b;
        if (!isFinite(a, b, 0)) {
            return nearest;
        }
        BigDecimal sum = exact(a).add(exact(b));
        boolean positive = isPositiveZero(a) && isPositiveZero(b);
        return sum.signum() == 0 && mode == 2 && !positive ? -0.0 : round(nearest, sum, mode);
    }

    public static double sub(double a, double b, int mode) {
        return add(a, -b, mode);
    }

    public static double mul(double a, double b, int mode) {
        double nearest = a * b;
        return isFinite(a, b, 0) ? round(nearest, exact(a).multiply(exact(b)), mode) : nearest;
    }

    public static double fma(double a, double b, double c, int mode) {
        double nearest = Math.fma(a, b, c);
        if (!isFinite(a, b, c)) {
            return nearest;
        }
        BigDecimal sum = exact(a).multiply(exact(b)).add(exact(c));
        boolean positive = isPositiveZero(a * b) && isPositiveZero(c);
        return sum.signum() == 0 && mode == 2 && !positive ? -0.0 : round(nearest, sum, mode);
    }

    public static double div(double a, double b, int mode) {
        double nearest = a / b;
        if (!isFinite(a, b, 0) || b == 0) {
            return nearest;
        }
        if (Double.isInfinite(nearest)) {
            return step(nearest, nearest > 0 ? -1 : 1, mode);
        }
        int above = Integer.signum(exact(a).compareTo(exact(nearest).multiply(exact(b)))) * (b < 0 ? -1 : 1);
        return step(nearest, above, mode);
    }

    public static double rcp(double a, int mode) {
        return div(1.0, a, mode);
    }

    public static double sqrt(double a, int mode) {
        double nearest = Math.sqrt(a);
        if (!(a > 0) || Double.isInfinite(a)) {
            return nearest;
        }
        return step(nearest, exact(a).compareTo(exact(nearest).multiply(exact(nearest))), mode);
    }

    /** A double that stands for itself, as a float. */
    public static float round(double exact, int mode) {
        float nearest = (float) exact;
        return Double.isNaN(exact) || Double.isInfinite(exact)
                ? nearest
                : step(nearest, Double.compare(exact, nearest), mode);
    }

    public static float round(long exact, int mode) {
        return round((float) exact, BigDecimal.valueOf(exact), mode);
    }

    public static double roundToDouble(long exact, int mode) {
        return round((double) exact, BigDecimal.valueOf(exact), mode);
    }

    public static float roundUnsigned(long exact, int mode) {
        return round(Convert.unsignedToFloat(exact), new BigDecimal(Long.toUnsignedString(exact)), mode);
    }

    public static double roundUnsignedToDouble(long exact, int mode) {
        return round(Convert.unsignedToDouble(exact), new BigDecimal(Long.toUnsignedString(exact)), mode);
    }

    private static float round(float nearest, BigDecimal exact, int mode) {
        if (exact.signum() == 0) {
            return nearest;
        }
        int above = Float.isInfinite(nearest) ? (nearest > 0 ? -1 : 1) : exact.compareTo(exact(nearest));
        return step(nearest, above, mode);
    }

    private static double round(double nearest, BigDecimal exact, int mode) {
        if (exact.signum() == 0) {
            return nearest;
        }
        int above = Double.isInfinite(nearest) ? (nearest > 0 ? -1 : 1) : exact.compareTo(exact(nearest));
        return step(nearest, above, mode);
    }

    /** @param above the sign of exact - nearest */
    private static float step(float nearest, int above, int mode) {
        if (above > 0 && (mode == 3 || (mode == 1 && nearest < 0))) {
            return Math.nextUp(nearest);
        }
        if (above < 0 && (mode == 2 || (mode == 1 && nearest > 0))) {
            return Math.nextDown(nearest);
        }
        return nearest;
    }

    private static double step(double nearest, int above, int mode) {
        if (above > 0 && (mode == 3 || (mode == 1 && nearest < 0))) {
            return Math.nextUp(nearest);
        }
        if (above < 0 && (mode == 2 || (mode == 1 && nearest > 0))) {
            return Math.nextDown(nearest);
        }
        return nearest;
    }

    /** IEEE 754: when rounding down, a sum of zero is negative unless all that is added is this. */
    private static boolean isPositiveZero(double a) {
        return Double.doubleToRawLongBits(a) == 0;
    }

    private static BigDecimal exact(double a) {
        return new BigDecimal(a);
    }

    private static boolean isFinite(double a, double b, double c) {
        return Double.isFinite(a) && Double.isFinite(b) && Double.isFinite(c);
    }
}
