package org.v4vgpu.device.ptx.runtime;

/** The operations of atom and red on 32 and 64 bits. Source: PTX ISA 9.7.13.4. */
public final class Atomics {
    public static final int ADD = 0;
    public static final int AND = 1;
    public static final int OR = 2;
    public static final int XOR = 3;
    public static final int EXCHANGE = 4;
    public static final int MIN_SIGNED = 5;
    public static final int MAX_SIGNED = 6;
    public static final int MIN_UNSIGNED = 7;
    public static final int MAX_UNSIGNED = 8;
    public static final int INCREMENT = 9;
    public static final int DECREMENT = 10;
    public static final int ADD_FLOAT = 11;

    /** Of one f16 or bf16 in 16 bits, of two of them in 32. */
    public static final int ADD_HALF = 12;

    public static final int ADD_BFLOAT = 13;

    public static final int MIN_HALF = 14;
    public static final int MIN_BFLOAT = 15;
    public static final int MAX_HALF = 16;
    public static final int MAX_BFLOAT = 17;

    private Atomics() {}

    static int applyShort(int operation, int old, int value) {
        int other = value & 0xFFFF;
        return switch (operation) {
            case ADD_HALF -> HalfMath.add(old, other, 0);
            case ADD_BFLOAT -> HalfMath.add(old, other, HalfMath.BFLOAT);
            case MIN_HALF -> HalfMath.min(old, other, 0);
            case MIN_BFLOAT -> HalfMath.min(old, other, HalfMath.BFLOAT);
            case MAX_HALF -> HalfMath.max(old, other, 0);
            case MAX_BFLOAT -> HalfMath.max(old, other, HalfMath.BFLOAT);
            default -> throw new AssertionError(operation);
        };
    }

    static int apply(int operation, int old, int value) {
        return switch (operation) {
            case ADD -> old + value;
            case AND -> old & value;
            case OR -> old | value;
            case XOR -> old ^ value;
            case EXCHANGE -> value;
            case MIN_SIGNED -> Math.min(old, value);
            case MAX_SIGNED -> Math.max(old, value);
            case MIN_UNSIGNED -> Integer.compareUnsigned(old, value) < 0 ? old : value;
            case MAX_UNSIGNED -> Integer.compareUnsigned(old, value) > 0 ? old : value;
            case INCREMENT -> Integer.compareUnsigned(old, value) >= 0 ? 0 : old + 1;
            case DECREMENT -> old == 0 || Integer.compareUnsigned(old, value) > 0 ? value : old - 1;
            case ADD_HALF, ADD_BFLOAT, MIN_HALF, MIN_BFLOAT, MAX_HALF, MAX_BFLOAT ->
                applyShort(operation, old & 0xFFFF, value) | applyShort(operation, old >>> 16, value >>> 16) << 16;
            case ADD_FLOAT -> Float.floatToRawIntBits(Float.intBitsToFloat(old) + Float.intBitsToFloat(value));
            default -> throw new AssertionError(operation);
        };
    }

    static long apply(int operation, long old, long value) {
        return switch (operation) {
            case ADD -> old + value;
            case AND -> old & value;
            case OR -> old | value;
            case XOR -> old ^ value;
            case EXCHANGE -> value;
            case MIN_SIGNED -> Math.min(old, value);
            case MAX_SIGNED -> Math.max(old, value);
            case MIN_UNSIGNED -> Long.compareUnsigned(old, value) < 0 ? old : value;
            case MAX_UNSIGNED -> Long.compareUnsigned(old, value) > 0 ? old : value;
            case ADD_FLOAT -> Double.doubleToRawLongBits(Double.longBitsToDouble(old) + Double.longBitsToDouble(value));
            default -> throw new AssertionError(operation);
        };
    }
}
