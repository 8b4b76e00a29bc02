package org.v4vgpu.device.ptx.syntax;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A fundamental type. Source: PTX ISA 5.2. */
public enum Type {
    PRED(1, false, false),
    B8(1, false, false),
    B16(2, false, false),
    B32(4, false, false),
    B64(8, false, false),
    U8(1, false, false),
    U16(2, false, false),
    U32(4, false, false),
    U64(8, false, false),
    S8(1, true, false),
    S16(2, true, false),
    S32(4, true, false),
    S64(8, true, false),
    F16(2, false, true),
    BF16(2, false, true),
    F16X2(4, false, true),
    BF16X2(4, false, true),
    TF32(4, false, true),
    E4M3X2(2, false, true),
    E5M2X2(2, false, true),
    U16X2(4, false, false),
    S16X2(4, true, false),
    F32X2(8, false, true),
    F32(4, false, true),
    F64(8, false, true);

    private static final Map<String, Type> NAMES = new HashMap<>();

    static {
        for (Type type : values()) {
            NAMES.put(type.ptxName(), type);
        }
    }

    private final int bytes;
    private final boolean signed;
    private final boolean floating;

    Type(int bytes, boolean signed, boolean floating) {
        this.bytes = bytes;
        this.signed = signed;
        this.floating = floating;
    }

    /** The type of that name without its dot, or null. */
    public static @Nullable Type named(String name) {
        return NAMES.get(name);
    }

    public int bytes() {
        return bytes;
    }

    public int bits() {
        return 8 * bytes;
    }

    public boolean isSigned() {
        return signed;
    }

    public boolean isFloat() {
        return floating;
    }

    /** Whether it is a format of 16 bits, or two of them side by side. */
    public boolean isHalf() {
        return this == F16 || this == BF16 || this == F16X2 || this == BF16X2;
    }

    /** Whether two values stand side by side. */
    public boolean isPacked() {
        return switch (this) {
            case F16X2, BF16X2, E4M3X2, E5M2X2, U16X2, S16X2, F32X2 -> true;
            default -> false;
        };
    }

    public String ptxName() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
