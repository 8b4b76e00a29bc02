package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.OperatorInstruction;
import org.v4vgpu.device.ptx.runtime.IntegerMath;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Type;

/** Integer arithmetic, logic and shifts. Source: PTX ISA 9.7.1, 9.7.2 and 9.7.8. */
final class IntegerEmitter {
    private static final TypeKind INT = TypeKind.INT;
    private static final TypeKind LONG = TypeKind.LONG;

    private IntegerEmitter() {}

    static void emit(Emitter e, Instruction i) {
        Type type = i.type();
        boolean wide = type.bits() == 64;
        TypeKind kind = wide ? LONG : INT;
        CodeBuilder code = e.code;
        switch (i.opcode()) {
            case "add", "sub", "addc", "subc" -> {
                AddEmitter.emit(e, i);
                return;
            }
            case "mul" -> {
                multiply(e, i, type);
                return;
            }
            case "mad", "madc" -> {
                multiplyAndAdd(e, i, type);
                return;
            }
            case "mul24", "mad24" -> {
                e.push(i, 1, type);
                e.push(i, 2, type);
                e.call(
                        IntegerMath.class,
                        "mul24" + (i.has("hi") ? "High" : "") + (type.isSigned() ? "" : "Unsigned"),
                        INT,
                        INT,
                        INT);
                if (i.opcode().equals("mad24")) {
                    e.push(i, 3, type);
                    if (i.has("sat")) {
                        e.call(IntegerMath.class, "addSaturated", INT, INT, INT);
                    } else {
                        code.iadd();
                    }
                }
            }
            case "div", "rem" -> {
                pushTwo(e, i, type);
                boolean signed = type.isSigned() || type.bits() == 16;
                e.call(IntegerMath.class, i.opcode() + (signed ? "" : "Unsigned"), kind, kind, kind);
            }
            case "min", "max" -> extreme(e, i, type, kind);
            case "szext" -> {
                pushTwo(e, i, type);
                code.loadConstant(i.has("clamp") ? 1 : 0).loadConstant(type.isSigned() ? 1 : 0);
                e.call(IntegerMath.class, "extend", INT, INT, INT, INT, INT);
            }
            case "bmsk" -> {
                pushTwo(e, i, type);
                code.loadConstant(i.has("clamp") ? 1 : 0);
                e.call(IntegerMath.class, "mask", INT, INT, INT, INT);
            }
            case "fns" -> {
                pushTwo(e, i, type);
                e.push(i, 3, type);
                e.call(IntegerMath.class, "findSet", INT, INT, INT, INT);
            }
            case "dp4a", "dp2a" -> {
                dotProduct(e, i);
                return;
            }
            case "cvt.pack" -> {
                pack(e, i);
                return;
            }
            case "neg" -> {
                e.push(i, 1, type);
                if (wide) {
                    code.lneg();
                } else {
                    code.ineg();
                }
            }
            case "abs" -> {
                e.push(i, 1, type);
                e.call(Math.class, "abs", kind, kind);
            }
            case "sad" -> {
                pushTwo(e, i, type);
                e.push(i, 3, type);
                boolean signed = type.isSigned() || type.bits() == 16;
                e.call(IntegerMath.class, signed ? "sad" : "sadUnsigned", kind, kind, kind, kind);
            }
            case "and", "or", "xor" -> {
                pushTwo(e, i, type);
                logic(code, i.opcode(), wide);
            }
            case "not" -> {
                e.push(i, 1, type);
                if (type == Type.PRED) {
                    code.iconst_1().ixor();
                } else if (wide) {
                    code.loadConstant(-1L).lxor();
                } else {
                    code.iconst_m1().ixor();
                }
            }
            case "cnot" -> {
                e.push(i, 1, type);
                e.call(IntegerMath.class, "cnot", kind, kind);
            }
            case "lop3" -> {
                pushTwo(e, i, type);
                e.push(i, 3, type);
                e.push(i, 4, Type.B32);
                e.call(IntegerMath.class, "lop3", INT, INT, INT, INT, INT);
            }
            case "shl", "shr" -> shift(e, i, type);
            case "shf" -> {
                pushTwo(e, i, type);
                e.push(i, 3, Type.U32);
                code.loadConstant(i.has("clamp") ? 1 : 0);
                e.call(IntegerMath.class, i.has("l") ? "shfLeft" : "shfRight", INT, INT, INT, INT, INT);
            }
            default -> throw e.refusal(i, "unsupported instruction");
        }
        e.pop(i, i.operand(0), type);
    }

    /** Two integers of 16 bits side by side. */
    static void packed(Emitter e, Instruction i) {
        if (!i.oneOf("ftz", "NaN", "xorsign", "abs", "sat", "cc").isEmpty()
                || i.operands().size() != 3) {
            throw e.refusal(i, "unsupported modifier");
        }
        Type type = i.type();
        pushTwo(e, i, type);
        boolean adds = i.opcode().equals("add");
        if (adds) {
            e.call(IntegerMath.class, "addHalves", INT, INT, INT);
        } else {
            e.code.loadConstant(i.has("relu") ? 1 : 0);
            e.call(IntegerMath.class, i.opcode() + (type.isSigned() ? "Halves" : "HalvesUnsigned"), INT, INT, INT, INT);
        }
        e.pop(i, i.operand(0), type);
    }

    private static void extreme(Emitter e, Instruction i, Type type, TypeKind kind) {
        if (i.operands().size() != 3 || !i.oneOf("ftz", "NaN", "xorsign", "abs").isEmpty()) {
            throw e.refusal(i, "unsupported modifier");
        }
        pushTwo(e, i, type);
        if (type.isSigned() || type.bits() == 16) {
            e.call(Math.class, i.opcode(), kind, kind, kind);
        } else {
            e.call(IntegerMath.class, i.opcode() + "Unsigned", kind, kind, kind);
        }
        if (i.has("relu")) {
            if (type != Type.S32) {
                throw e.refusal(i, "unsupported modifier .relu");
            }
            e.code.iconst_0();
            e.call(Math.class, "max", INT, INT, INT);
        }
    }

    private static void dotProduct(Emitter e, Instruction i) {
        boolean bytes = i.opcode().equals("dp4a");
        e.push(i, 1, Type.B32);
        e.push(i, 2, Type.B32);
        e.push(i, 3, Type.B32);
        e.code.loadConstant(i.type().isSigned() ? 1 : 0)
                .loadConstant(i.lastType().isSigned() ? 1 : 0);
        if (bytes) {
            e.call(IntegerMath.class, "dot4", INT, INT, INT, INT, INT, INT);
        } else {
            if (i.has("lo") == i.has("hi")) {
                throw e.refusal(i, "needs .lo or .hi");
            }
            e.code.loadConstant(i.has("hi") ? 16 : 0);
            e.call(IntegerMath.class, "dot2", INT, INT, INT, INT, INT, INT, INT);
        }
        e.pop(i, i.operand(0), Type.B32);
    }

    /** cvt.pack.sat: two integers saturated, into the lower part of the result, or the whole. Source: PTX ISA 9.7.9.22. */
    private static void pack(Emitter e, Instruction i) {
        Type to = i.type();
        boolean bytes = to.bits() == 8;
        boolean types = i.types().get(1) == Type.S32
                && i.types().size() == (bytes ? 3 : 2)
                && (to.bits() == 16 || bytes)
                && i.operands().size() == (bytes ? 4 : 3);
        if (!types || !i.has("sat")) {
            throw e.refusal(i, "unsupported types");
        }
        e.push(i, 1, Type.S32);
        e.push(i, 2, Type.S32);
        if (bytes) {
            e.push(i, 3, Type.B32);
        } else {
            e.code.iconst_0();
        }
        e.code.loadConstant(to.bits()).loadConstant(to.isSigned() ? 1 : 0);
        e.call(IntegerMath.class, "pack", INT, INT, INT, INT, INT, INT);
        e.pop(i, i.operand(0), Type.B32);
    }

    private static void pushTwo(Emitter e, Instruction i, Type type) {
        e.push(i, 1, type);
        e.push(i, 2, type);
    }

    private static void logic(CodeBuilder code, String opcode, boolean wide) {
        switch (opcode) {
            case "and" -> code.with(OperatorInstruction.of(wide ? Opcode.LAND : Opcode.IAND));
            case "or" -> code.with(OperatorInstruction.of(wide ? Opcode.LOR : Opcode.IOR));
            default -> code.with(OperatorInstruction.of(wide ? Opcode.LXOR : Opcode.IXOR));
        }
    }

    /** Counts beyond the width clamp, where Java's wrap. */
    private static void shift(Emitter e, Instruction i, Type type) {
        boolean wide = type.bits() == 64;
        boolean arithmetic = type.isSigned();
        e.push(i, 1, type);
        if (i.operand(2) instanceof Operand.IntegerLiteral count && count.value() >= 0 && count.value() < type.bits()) {
            e.code.loadConstant((int) count.value());
            Opcode opcode = i.opcode().equals("shl")
                    ? wide ? Opcode.LSHL : Opcode.ISHL
                    : arithmetic ? wide ? Opcode.LSHR : Opcode.ISHR : wide ? Opcode.LUSHR : Opcode.IUSHR;
            e.code.with(OperatorInstruction.of(opcode));
        } else {
            e.push(i, 2, Type.U32);
            TypeKind kind = wide ? LONG : INT;
            e.call(IntegerMath.class, i.opcode().equals("shl") ? "shl" : arithmetic ? "sar" : "shr", kind, kind, INT);
        }
    }

    private static void multiply(Emitter e, Instruction i, Type type) {
        e.pop(i, i.operand(0), product(e, i, type));
    }

    /** Pushes the product and answers its type. */
    private static Type product(Emitter e, Instruction i, Type type) {
        CodeBuilder code = e.code;
        if (i.has("wide")) {
            if (type.bits() == 64) {
                throw e.refusal(i, "unsupported type");
            }
            pushTwoExtended(e, i, type);
            if (type.bits() == 16) {
                code.imul();
                return type.isSigned() ? Type.S32 : Type.U32;
            }
            code.lmul();
            return type.isSigned() ? Type.S64 : Type.U64;
        }
        pushTwo(e, i, type);
        if (i.has("hi")) {
            if (type.bits() == 16) {
                code.imul().loadConstant(16);
                if (type.isSigned()) {
                    code.ishr();
                } else {
                    code.iushr();
                }
            } else if (type.bits() == 32) {
                e.call(IntegerMath.class, type.isSigned() ? "mulHigh" : "mulHighUnsigned", INT, INT, INT);
            } else {
                e.call(Math.class, type.isSigned() ? "multiplyHigh" : "unsignedMultiplyHigh", LONG, LONG, LONG);
            }
        } else if (!i.has("lo")) {
            throw e.refusal(i, "needs .lo, .hi or .wide");
        } else if (type.bits() == 64) {
            code.lmul();
        } else {
            code.imul();
        }
        return type;
    }

    private static void pushTwoExtended(Emitter e, Instruction i, Type type) {
        for (int n = 1; n <= 2; n++) {
            e.push(i, n, type);
            if (type.bits() == 32) {
                e.code.i2l();
                if (!type.isSigned()) {
                    e.code.loadConstant(0xFFFF_FFFFL).land();
                }
            }
        }
    }

    private static void multiplyAndAdd(Emitter e, Instruction i, Type type) {
        if (i.has("cc") || i.opcode().equals("madc")) {
            Type product = product(e, i, type);
            AddEmitter.addCarrying(e, i, product, 3);
            return;
        }
        Type product = product(e, i, type);
        e.push(i, 3, product);
        if (i.has("sat")) {
            if (product != Type.S32 || !i.has("hi")) {
                throw e.refusal(i, "unsupported modifier .sat");
            }
            e.call(IntegerMath.class, "addSaturated", INT, INT, INT);
        } else if (product.bits() == 64) {
            e.code.ladd();
        } else {
            e.code.iadd();
        }
        e.pop(i, i.operand(0), product);
    }
}
