package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import org.v4vgpu.device.ptx.runtime.Convert;
import org.v4vgpu.device.ptx.runtime.FloatMath;
import org.v4vgpu.device.ptx.runtime.Rounding;
import org.v4vgpu.device.ptx.runtime.SmallFloat;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Type;

/** cvt. Source: PTX ISA 9.7.9.21. */
final class ConvertEmitter {
    private static final TypeKind INT = TypeKind.INT;
    private static final TypeKind LONG = TypeKind.LONG;
    private static final TypeKind FLOAT = TypeKind.FLOAT;
    private static final TypeKind DOUBLE = TypeKind.DOUBLE;

    private ConvertEmitter() {}

    static void emit(Emitter e, Instruction i) {
        if (i.types().size() != 2) {
            throw e.refusal(i, "needs two types");
        }
        Type to = i.type();
        Type from = i.lastType();
        if (SmallConvertEmitter.handles(to, from)) {
            SmallConvertEmitter.emit(e, i);
            return;
        }
        if (i.operands().size() != 2 || !i.oneOf("rna", "relu", "satfinite").isEmpty()) {
            throw e.refusal(i, "unsupported conversion");
        }
        e.pushWide(i, i.operand(1), from);
        if (from.isHalf()) {
            // Every value of f16 and bf16 is one of f32, where the rest is done.
            e.code.loadConstant(from == Type.BF16 ? SmallFloat.BFLOAT : SmallFloat.HALF);
            e.call(SmallFloat.class, "toFloat", FLOAT, INT, INT);
            from = Type.F32;
        }
        if (from.isFloat() && to.isFloat()) {
            floatToFloat(e, i, from, to);
        } else if (from.isFloat()) {
            floatToInteger(e, i, from, to);
        } else if (to.isFloat()) {
            integerToFloat(e, i, from, to);
        } else {
            integerToInteger(e, i, from, to);
        }
        e.pop(i, i.operand(0), to);
    }

    /** Rounding to an integral value, as Convert numbers it, or -1. */
    static int integral(Instruction i) {
        return switch (i.oneOf("rni", "rzi", "rmi", "rpi")) {
            case "rni" -> 0;
            case "rzi" -> 1;
            case "rmi" -> 2;
            case "rpi" -> 3;
            default -> -1;
        };
    }

    private static void flush(Emitter e, Instruction i, Type type) {
        if (i.has("ftz") && type == Type.F32) {
            e.call(FloatMath.class, "ftz", FLOAT, FLOAT);
        }
    }

    private static void floatToFloat(Emitter e, Instruction i, Type from, Type to) {
        CodeBuilder code = e.code;
        int integral = integral(i);
        int mode = FloatEmitter.mode(i);
        flush(e, i, from);
        if (integral >= 0) {
            TypeKind kind = RegisterKinds.of(from);
            code.loadConstant(integral);
            e.call(Convert.class, "integral", kind, kind, INT);
        }
        if (from == Type.F32 && to == Type.F64) {
            code.f2d();
        } else if (from == Type.F64 && to == Type.F32) {
            if (mode > 0) {
                code.loadConstant(mode);
                e.call(Rounding.class, "round", FLOAT, DOUBLE, INT);
            } else {
                code.d2f();
            }
        }
        flush(e, i, to);
        if (i.has("sat")) {
            TypeKind kind = RegisterKinds.of(to);
            e.call(FloatMath.class, "saturate", kind, kind);
        }
    }

    private static void floatToInteger(Emitter e, Instruction i, Type from, Type to) {
        int integral = integral(i);
        if (integral < 0) {
            throw e.refusal(i, "needs .rni, .rzi, .rmi or .rpi");
        }
        flush(e, i, from);
        if (from == Type.F32 && to == Type.S32 && integral == 1) {
            e.code.f2i(); // Java's own cast saturates and turns NaN to 0 as PTX does here.
            return;
        }
        if (from == Type.F32) {
            e.code.f2d();
        }
        if (integral != 1) {
            e.code.loadConstant(integral);
            e.call(Convert.class, "integral", DOUBLE, DOUBLE, INT);
        }
        if (to.bits() == 64) {
            e.call(Convert.class, to.isSigned() ? "toSignedLong" : "toUnsignedLong", LONG, DOUBLE);
        } else {
            e.code.loadConstant(to.bits()).loadConstant(from == Type.F64 ? 1 : 0);
            e.call(Convert.class, to.isSigned() ? "toSigned" : "toUnsigned", INT, DOUBLE, INT, INT);
        }
    }

    private static void integerToFloat(Emitter e, Instruction i, Type from, Type to) {
        CodeBuilder code = e.code;
        boolean single = to == Type.F32;
        int mode = FloatEmitter.mode(i);
        boolean fits = from.bits() < 32 || from == Type.S32;
        if (fits && mode == 0) {
            if (single) {
                code.i2f();
            } else {
                code.i2d();
            }
            saturate(e, i, to);
            return;
        }
        if (from.bits() <= 32) {
            code.i2l();
            if (from == Type.U32) {
                code.loadConstant(0xFFFF_FFFFL).land();
            }
        }
        boolean unsigned = from == Type.U64;
        TypeKind kind = RegisterKinds.of(to);
        if (mode > 0) {
            code.loadConstant(mode);
            e.call(
                    Rounding.class,
                    (unsigned ? "roundUnsigned" : "round") + (single ? "" : "ToDouble"),
                    kind,
                    LONG,
                    INT);
        } else if (unsigned) {
            e.call(Convert.class, single ? "unsignedToFloat" : "unsignedToDouble", kind, LONG);
        } else if (single) {
            code.l2f();
        } else {
            code.l2d();
        }
        saturate(e, i, to);
    }

    private static void saturate(Emitter e, Instruction i, Type to) {
        if (i.has("sat")) {
            TypeKind kind = RegisterKinds.of(to);
            e.call(FloatMath.class, "saturate", kind, kind);
        }
    }

    private static void integerToInteger(Emitter e, Instruction i, Type from, Type to) {
        CodeBuilder code = e.code;
        boolean wideFrom = from.bits() == 64;
        boolean wideTo = to.bits() == 64;
        if (!wideFrom && (wideTo || i.has("sat"))) {
            code.i2l();
            if (from == Type.U32) {
                code.loadConstant(0xFFFF_FFFFL).land();
            }
            wideFrom = true;
        }
        if (i.has("sat")) {
            clamp(e, from, to);
        }
        if (wideFrom && !wideTo) {
            code.l2i();
        }
        e.narrow(to);
    }

    private static void clamp(Emitter e, Type from, Type to) {
        int bits = to.bits();
        long most = to.isSigned() ? Long.MAX_VALUE >>> (64 - bits) : bits == 64 ? -1L : (1L << bits) - 1;
        if (!from.isSigned()) {
            e.code.loadConstant(most);
            e.call(Convert.class, "clampUnsigned", LONG, LONG, LONG);
            return;
        }
        long least = to.isSigned() ? Long.MIN_VALUE >> (64 - bits) : 0;
        e.code.loadConstant(least).loadConstant(most == -1L ? Long.MAX_VALUE : most);
        e.call(Convert.class, "clamp", LONG, LONG, LONG, LONG);
    }
}
