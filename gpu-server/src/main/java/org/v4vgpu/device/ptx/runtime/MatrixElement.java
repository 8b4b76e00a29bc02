package org.v4vgpu.device.ptx.runtime;

/** What the elements of a matrix are, and how they lie in words. */
public enum MatrixElement {
    F16(16),
    BF16(16),
    TF32(32),
    F32(32),
    F64(64),
    S32(32),
    S8(8),
    U8(8),
    S4(4),
    U4(4),
    B1(1);

    private final int bits;

    MatrixElement(int bits) {
        this.bits = bits;
    }

    public int bits() {
        return bits;
    }

    /** How many stand in one word, or in one pair of words. */
    int perWord() {
        return Math.max(1, 32 / bits);
    }

    boolean isFloating() {
        return switch (this) {
            case F16, BF16, TF32, F32, F64 -> true;
            case S32, S8, U8, S4, U4, B1 -> false;
        };
    }

    /** The value of one that is floating, from bits that may be more than its own. */
    double value(long raw) {
        return switch (this) {
            case F16 -> SmallFloat.toFloat((int) raw, SmallFloat.HALF);
            case BF16 -> SmallFloat.toFloat((int) raw, SmallFloat.BFLOAT);
            // The lower bits are not looked at.
            case TF32 -> Float.intBitsToFloat((int) raw & 0xFFFF_E000);
            case F32 -> Float.intBitsToFloat((int) raw);
            case F64 -> Double.longBitsToDouble(raw);
            case S32, S8, U8, S4, U4, B1 -> throw new IllegalStateException("no floating type");
        };
    }

    /** The value of an integer. */
    int integer(int raw) {
        return switch (this) {
            case S8 -> (byte) raw;
            case U8 -> raw & 0xFF;
            case S4 -> raw << 28 >> 28;
            case U4 -> raw & 15;
            case B1 -> raw & 1;
            case S32 -> raw;
            case F16, BF16, TF32, F32, F64 -> throw new IllegalStateException("no integer type");
        };
    }

    /** The bits of a result: the value rounded once. */
    long bits(double value) {
        return switch (this) {
            case F16 -> SmallFloat.convert(value, SmallFloat.HALF, SmallFloat.NEAREST, 0);
            case F32 -> Float.floatToRawIntBits(FloatMath.canonical((float) value));
            case F64 -> Double.doubleToRawLongBits(value);
            case BF16, TF32, S32, S8, U8, S4, U4, B1 -> throw new IllegalStateException("no type of results");
        };
    }
}
