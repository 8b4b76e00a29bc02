package org.v4vgpu.device.ptx.numeric;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * A binary floating-point format with exact arithmetic in BigDecimal: the reference that the device's arithmetic is held against.
 * Knows nothing of the device's own helpers.
 */
enum Format {
    F16(11, 5),
    BF16(8, 8),
    TF32(11, 8),
    F32(24, 8),
    F64(53, 11);

    /** How a result is rounded. AWAY is to nearest, ties away from zero. */
    enum Mode {
        RN,
        RZ,
        RM,
        RP,
        RNA
    }

    private static final BigDecimal TWO = BigDecimal.valueOf(2);

    final int precision;
    private final int exponentBits;

    Format(int precision, int exponentBits) {
        this.precision = precision;
        this.exponentBits = exponentBits;
    }

    int bits() {
        return this == TF32 ? 32 : precision + exponentBits;
    }

    /** Bits below the mantissa that do not count. */
    private int unused() {
        return this == TF32 ? 13 : 0;
    }

    private int bias() {
        return (1 << (exponentBits - 1)) - 1;
    }

    private int least() {
        return 1 - bias();
    }

    private long field(long bits) {
        return bits >>> (precision - 1 + unused()) & (1L << exponentBits) - 1;
    }

    private long mantissa(long bits) {
        return bits >>> unused() & (1L << (precision - 1)) - 1;
    }

    boolean isNegative(long bits) {
        return (bits >>> (bits() - 1) & 1) != 0;
    }

    boolean isNaN(long bits) {
        return field(bits) == (1L << exponentBits) - 1 && mantissa(bits) != 0;
    }

    boolean isInfinite(long bits) {
        return field(bits) == (1L << exponentBits) - 1 && mantissa(bits) == 0;
    }

    boolean isZero(long bits) {
        return field(bits) == 0 && mantissa(bits) == 0;
    }

    boolean isSubnormal(long bits) {
        return field(bits) == 0 && mantissa(bits) != 0;
    }

    /** NaN for all NaNs. */
    long nan() {
        return infinity(false) | 1L << unused();
    }

    long infinity(boolean negative) {
        return sign(negative) | ((1L << exponentBits) - 1) << (precision - 1 + unused());
    }

    long zero(boolean negative) {
        return sign(negative);
    }

    long largest(boolean negative) {
        return infinity(negative) - (1L << unused());
    }

    long one() {
        return (long) bias() << (precision - 1 + unused());
    }

    private long sign(boolean negative) {
        return negative ? 1L << (bits() - 1) : 0;
    }

    /** Flushes a subnormal to a zero of its sign. */
    long flush(long bits) {
        return isSubnormal(bits) ? zero(isNegative(bits)) : bits;
    }

    /** The value of a finite number. */
    BigDecimal exact(long bits) {
        long field = field(bits);
        long digits = mantissa(bits) | (field == 0 ? 0 : 1L << (precision - 1));
        int exponent = (int) Math.max(field, 1) - bias() - (precision - 1);
        BigDecimal value = scaled(BigDecimal.valueOf(digits), exponent);
        return isNegative(bits) ? value.negate() : value;
    }

    /** The number nearest to a value in a direction. A zero gets the sign asked for. */
    long round(BigDecimal value, Mode mode, boolean negativeZero) {
        if (value.signum() == 0) {
            return zero(negativeZero);
        }
        boolean negative = value.signum() < 0;
        BigDecimal magnitude = value.abs();
        int exponent = Math.max(exponent(magnitude), least());
        if (exponent > bias()) {
            return overflow(mode, negative);
        }
        BigDecimal digits = scaled(magnitude, precision - 1 - exponent);
        RoundingMode rounding = switch (mode) {
            case RN -> RoundingMode.HALF_EVEN;
            case RNA -> RoundingMode.HALF_UP;
            case RZ -> RoundingMode.DOWN;
            case RM -> negative ? RoundingMode.UP : RoundingMode.DOWN;
            case RP -> negative ? RoundingMode.DOWN : RoundingMode.UP;
        };
        BigInteger whole = digits.setScale(0, rounding).toBigIntegerExact();
        // A mantissa that is full carries into the exponent by itself.
        long field = whole.bitLength() < precision ? 0 : exponent + bias();
        long bits = whole.longValueExact() - (field == 0 ? 0 : 1L << (precision - 1)) + (field << (precision - 1));
        if (bits >= infinity(false) >>> unused()) {
            return overflow(mode, negative);
        }
        return bits << unused() | sign(negative);
    }

    private long overflow(Mode mode, boolean negative) {
        boolean stays = mode == Mode.RZ || (mode == Mode.RM && !negative) || (mode == Mode.RP && negative);
        return stays ? largest(negative) : infinity(negative);
    }

    /** A quotient or root to far more digits than any rounding looks at, and not on a tie by accident. */
    static MathContext generous() {
        return new MathContext(1200, RoundingMode.DOWN);
    }

    private static int exponent(BigDecimal magnitude) {
        int guess = (int) Math.floor((magnitude.precision() - magnitude.scale() - 1) * 3.321928094887362) - 1;
        while (magnitude.compareTo(scaled(BigDecimal.ONE, guess + 1)) >= 0) {
            guess++;
        }
        return guess;
    }

    private static BigDecimal scaled(BigDecimal value, int exponent) {
        return exponent >= 0 ? value.multiply(TWO.pow(exponent)) : value.multiply(new BigDecimal("0.5").pow(-exponent));
    }
}
