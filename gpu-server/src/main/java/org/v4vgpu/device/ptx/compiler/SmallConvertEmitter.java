package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import org.v4vgpu.device.ptx.runtime.Convert;
import org.v4vgpu.device.ptx.runtime.FloatMath;
import org.v4vgpu.device.ptx.runtime.SmallFloat;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * cvt to f16, bf16, tf32 and the formats of 8 bits, and from these to f16x2: by way of a double, which holds every source, rounded
 * once. Source: PTX ISA 9.7.9.21.
 */
final class SmallConvertEmitter {
    private static final TypeKind INT = TypeKind.INT;
    private static final TypeKind LONG = TypeKind.LONG;
    private static final TypeKind FLOAT = TypeKind.FLOAT;
    private static final TypeKind DOUBLE = TypeKind.DOUBLE;

    private SmallConvertEmitter() {}

    static boolean handles(Type to, Type from) {
        return to.isHalf() || to == Type.TF32 || to == Type.E4M3X2 || to == Type.E5M2X2 || from.isPacked();
    }

    static void emit(Emitter e, Instruction i) {
        Type to = i.type();
        Type from = i.lastType();
        boolean pair = from == Type.F32 && to.isPacked();
        if (i.operands().size() != (pair ? 3 : 2) || to.isPacked() != (pair || from.isPacked())) {
            throw e.refusal(i, "unsupported conversion");
        }
        if (from.isPacked()) {
            unpack(e, i, from, to);
        } else if (pair) {
            // The first source becomes the upper half.
            source(e, i, 2, from);
            convert(e, i, to);
            source(e, i, 1, from);
            convert(e, i, to);
            e.code.loadConstant(width(to)).ishl().ior();
        } else {
            source(e, i, 1, from);
            convert(e, i, to);
        }
        e.pop(i, i.operand(0), to);
    }

    /** f16x2 to two bytes, two bytes to f16x2. */
    private static void unpack(Emitter e, Instruction i, Type from, Type to) {
        boolean bytes = from == Type.E4M3X2 || from == Type.E5M2X2;
        if (bytes ? to != Type.F16X2 : from != Type.F16X2 || width(to) != 8) {
            throw e.refusal(i, "unsupported conversion");
        }
        CodeBuilder code = e.code;
        int slot = code.allocateLocal(INT);
        e.push(i, 1, from);
        code.istore(slot);
        for (int half = 0; half < 2; half++) {
            code.iload(slot).loadConstant(half * width(from)).iushr().loadConstant(format(from));
            e.call(SmallFloat.class, bytes ? "byteToFloat" : "toFloat", FLOAT, INT, INT);
            code.f2d();
            convert(e, i, to);
        }
        code.loadConstant(width(to)).ishl().ior();
    }

    /** Pushes a source as a double that rounds as it does. */
    private static void source(Emitter e, Instruction i, int operand, Type from) {
        CodeBuilder code = e.code;
        e.pushWide(i, i.operand(operand), from);
        switch (from) {
            case F16, BF16 -> {
                code.loadConstant(format(from));
                e.call(SmallFloat.class, "toFloat", FLOAT, INT, INT);
                code.f2d();
            }
            case F32 -> {
                if (i.has("ftz")) {
                    e.call(FloatMath.class, "ftz", FLOAT, FLOAT);
                }
                code.f2d();
            }
            case F64 -> {}
            case S64, U64 -> e.call(SmallFloat.class, from == Type.S64 ? "sticky" : "stickyUnsigned", DOUBLE, LONG);
            case U32 -> code.i2l().loadConstant(0xFFFF_FFFFL).land().l2d();
            case U8, S8, U16, S16, S32 -> code.i2d();
            default -> throw e.refusal(i, "unsupported conversion");
        }
        int integral = ConvertEmitter.integral(i);
        if (integral >= 0) {
            code.loadConstant(integral);
            e.call(Convert.class, "integral", DOUBLE, DOUBLE, INT);
        }
    }

    private static void convert(Emitter e, Instruction i, Type to) {
        boolean bytes = width(to) == 8;
        if (bytes && !i.has("satfinite")) {
            throw e.refusal(i, "needs .satfinite");
        }
        int notes = (i.has("sat") ? SmallFloat.SATURATE : 0)
                | (i.has("relu") ? SmallFloat.RELU : 0)
                | (i.has("satfinite") ? SmallFloat.FINITE : 0);
        int mode = i.has("rna") ? SmallFloat.AWAY : FloatEmitter.mode(i);
        e.code.loadConstant(format(to)).loadConstant(mode).loadConstant(notes);
        e.call(SmallFloat.class, "convert", INT, DOUBLE, INT, INT, INT);
    }

    private static int width(Type type) {
        return switch (type) {
            case E4M3X2, E5M2X2 -> 8;
            case TF32 -> 32;
            default -> 16;
        };
    }

    private static int format(Type type) {
        return switch (type) {
            case BF16, BF16X2 -> SmallFloat.BFLOAT;
            case TF32 -> SmallFloat.TF32;
            case E4M3X2 -> SmallFloat.E4M3;
            case E5M2X2 -> SmallFloat.E5M2;
            default -> SmallFloat.HALF;
        };
    }
}
