package org.v4vgpu.device.nvrtc;

import java.math.BigDecimal;
import java.math.MathContext;

/** erf and erfc to far more digits than a double has, which Java does not offer. Source: NIST DLMF 7.6.1 and 7.9.1. */
final class ErrorFunction {
    private static final MathContext DIGITS = new MathContext(60);
    private static final BigDecimal TWO = BigDecimal.valueOf(2);
    private static final BigDecimal ROOT_OF_PI =
            new BigDecimal("3.1415926535897932384626433832795028841971693993751058209749445923078164").sqrt(DIGITS);

    /** From here on a continued fraction, which needs no more terms than that. */
    private static final double NEAR = 2;

    private static final int FRACTIONS = 250;

    private ErrorFunction() {}

    static double erf(double x) {
        if (Double.isNaN(x) || x == 0) {
            return x;
        }
        double size = Math.abs(x);
        BigDecimal found =
                size < NEAR ? series(size) : BigDecimal.ONE.subtract(size > 30 ? BigDecimal.ZERO : complement(size));
        return Math.copySign(found.doubleValue(), x);
    }

    static double erfc(double x) {
        if (Double.isNaN(x)) {
            return x;
        }
        double size = Math.abs(x);
        BigDecimal found =
                size < NEAR ? BigDecimal.ONE.subtract(series(size)) : size > 30 ? BigDecimal.ZERO : complement(size);
        return (x < 0 ? TWO.subtract(found) : found).doubleValue();
    }

    private static BigDecimal series(double x) {
        BigDecimal z = new BigDecimal(x);
        BigDecimal square = z.multiply(z, DIGITS);
        BigDecimal power = z;
        BigDecimal sum = z;
        for (int n = 1; n < 120; n++) {
            power = power.multiply(square, DIGITS).divide(BigDecimal.valueOf(-n), DIGITS);
            sum = sum.add(power.divide(BigDecimal.valueOf(2L * n + 1), DIGITS), DIGITS);
        }
        return sum.multiply(TWO).divide(ROOT_OF_PI, DIGITS);
    }

    private static BigDecimal complement(double x) {
        BigDecimal z = new BigDecimal(x);
        BigDecimal fraction = z;
        for (int n = FRACTIONS; n > 0; n--) {
            fraction = z.add(BigDecimal.valueOf(n).divide(TWO.multiply(fraction), DIGITS), DIGITS);
        }
        return power(z.multiply(z, DIGITS)).divide(fraction.multiply(ROOT_OF_PI), DIGITS);
    }

    /** e to the power of -y. */
    private static BigDecimal power(BigDecimal y) {
        int halvings = 16;
        BigDecimal small = y.negate().divide(TWO.pow(halvings), DIGITS);
        BigDecimal term = BigDecimal.ONE;
        BigDecimal sum = BigDecimal.ONE;
        for (int n = 1; n < 40; n++) {
            term = term.multiply(small, DIGITS).divide(BigDecimal.valueOf(n), DIGITS);
            sum = sum.add(term, DIGITS);
        }
        return sum.pow(1 << halvings, DIGITS);
    }
}
