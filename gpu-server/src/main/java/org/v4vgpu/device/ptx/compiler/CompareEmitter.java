package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.util.List;
import org.v4vgpu.device.ptx.runtime.FloatMath;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Type;

/** setp, set, selp, slct. Source: PTX ISA 9.7.5 and 9.7.6. */
final class CompareEmitter {
    private static final String[] COMPARISONS = {
        "eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu", "ltu", "leu", "gtu", "geu", "num",
        "nan"
    };

    private CompareEmitter() {}

    static void emit(Emitter e, Instruction i) {
        switch (i.opcode()) {
            case "setp" -> setPredicate(e, i);
            case "set" -> set(e, i);
            case "selp" -> select(e, i);
            default -> selectBySign(e, i);
        }
    }

    private static void setPredicate(Emitter e, Instruction i) {
        compare(e, i, i.type());
        boolean pair = i.operand(0) instanceof Operand.Pair;
        String combination = i.oneOf("and", "or", "xor");
        if (combination.isEmpty() != (i.operands().size() < 4)) {
            throw e.refusal(i, "incomplete instruction");
        }
        if (!pair) {
            combine(e, i, combination);
            e.pop(i, i.operand(0), Type.PRED);
            return;
        }
        Operand.Pair targets = (Operand.Pair) i.operand(0);
        int compared = e.code.allocateLocal(TypeKind.INT);
        int first = e.code.allocateLocal(TypeKind.INT);
        e.code.istore(compared).iload(compared);
        combine(e, i, combination);
        e.code.istore(first).iload(compared).iconst_1().ixor();
        combine(e, i, combination);
        e.pop(i, targets.second(), Type.PRED);
        e.code.iload(first);
        e.pop(i, targets.first(), Type.PRED);
    }

    private static void combine(Emitter e, Instruction i, String combination) {
        if (!combination.isEmpty()) {
            e.push(i, 3, Type.PRED);
        }
        switch (combination) {
            case "and" -> e.code.iand();
            case "or" -> e.code.ior();
            case "xor" -> e.code.ixor();
            default -> {}
        }
    }

    private static void set(Emitter e, Instruction i) {
        compare(e, i, i.lastType());
        combine(e, i, i.oneOf("and", "or", "xor"));
        switch (i.type()) {
            case F32 -> e.code.i2f();
            case U32, S32, B32 -> e.code.ineg();
            default -> throw e.refusal(i, "unsupported type ." + i.type().ptxName());
        }
        e.pop(i, i.operand(0), i.type());
    }

    private static void select(Emitter e, Instruction i) {
        TypeKind kind = RegisterKinds.of(i.type());
        Type type = i.operand(0) instanceof Operand.Register register
                ? sameWidth(i.type(), e.kind(register.index()))
                : i.type();
        if (type != i.type()) {
            kind = RegisterKinds.of(type);
        }
        CodeBuilder code = e.code;
        Label other = code.newLabel();
        Label end = code.newLabel();
        int result = code.allocateLocal(kind);
        e.push(i, 3, Type.PRED);
        code.ifeq(other);
        e.push(i, 1, type);
        code.storeLocal(kind, result).goto_(end).labelBinding(other);
        e.push(i, 2, type);
        code.storeLocal(kind, result).labelBinding(end).loadLocal(kind, result);
        e.pop(i, i.operand(0), type);
    }

    /** Bits move as the kind of the register that takes them. */
    private static Type sameWidth(Type type, TypeKind kind) {
        return switch (kind) {
            case FLOAT -> type.bits() == 32 ? Type.F32 : type;
            case DOUBLE -> type.bits() == 64 ? Type.F64 : type;
            default -> type;
        };
    }

    private static void selectBySign(Emitter e, Instruction i) {
        Type type = i.type();
        TypeKind kind = RegisterKinds.of(type);
        CodeBuilder code = e.code;
        Label other = code.newLabel();
        Label end = code.newLabel();
        int result = code.allocateLocal(kind);
        if (i.lastType() == Type.F32) {
            e.push(i, 3, Type.F32);
            code.fconst_0().fcmpl().iflt(other); // NaN takes the second.
        } else if (i.lastType() == Type.S32) {
            e.push(i, 3, Type.S32);
            code.iflt(other);
        } else {
            throw e.refusal(i, "unsupported type ." + i.lastType().ptxName());
        }
        e.push(i, 1, type);
        code.storeLocal(kind, result).goto_(end).labelBinding(other);
        e.push(i, 2, type);
        code.storeLocal(kind, result).labelBinding(end).loadLocal(kind, result);
        e.pop(i, i.operand(0), type);
    }

    /** Pushes 0 or 1. */
    private static void compare(Emitter e, Instruction i, Type type) {
        List<String> found =
                i.modifiers().stream().filter(List.of(COMPARISONS)::contains).toList();
        if (found.size() != 1) {
            throw e.refusal(i, "incomplete instruction");
        }
        for (int n = 1; n <= 2; n++) {
            e.push(i, n, type);
            if (i.has("ftz") && type == Type.F32) {
                e.call(FloatMath.class, "ftz", TypeKind.FLOAT, TypeKind.FLOAT);
            }
        }
        if (type.isFloat()) {
            compareFloats(e, i, found.getFirst(), type == Type.F32);
        } else {
            compareIntegers(e, i, found.getFirst(), type);
        }
    }

    private static void compareFloats(Emitter e, Instruction i, String how, boolean single) {
        switch (how) {
            case "eq" -> floats(e, single, true, Opcode.IFEQ);
            case "lt" -> floats(e, single, false, Opcode.IFLT);
            case "le" -> floats(e, single, false, Opcode.IFLE);
            case "gt" -> floats(e, single, true, Opcode.IFGT);
            case "ge" -> floats(e, single, true, Opcode.IFGE);
            case "neu" -> floats(e, single, true, Opcode.IFNE);
            case "ltu" -> floats(e, single, true, Opcode.IFLT);
            case "leu" -> floats(e, single, true, Opcode.IFLE);
            case "gtu" -> floats(e, single, false, Opcode.IFGT);
            case "geu" -> floats(e, single, false, Opcode.IFGE);
            case "ne", "equ", "num", "nan" -> {
                if (single) {
                    int second = e.code.allocateLocal(TypeKind.FLOAT);
                    e.code.fstore(second).f2d().fload(second).f2d();
                }
                String name = switch (how) {
                    case "ne" -> "isOrderedAndDiffers";
                    case "equ" -> "isUnorderedOrEqual";
                    default -> "isOrdered";
                };
                e.call(FloatMath.class, name, TypeKind.INT, TypeKind.DOUBLE, TypeKind.DOUBLE);
                if (how.equals("nan")) {
                    e.code.iconst_1().ixor();
                }
            }
            default -> throw e.refusal(i, "unsupported comparison ." + how);
        }
    }

    /** @param less whether an unordered pair counts as less, rather than greater */
    private static void floats(Emitter e, boolean single, boolean less, Opcode branch) {
        if (single && less) {
            e.code.fcmpl();
        } else if (single) {
            e.code.fcmpg();
        } else if (less) {
            e.code.dcmpl();
        } else {
            e.code.dcmpg();
        }
        e.truth(branch);
    }

    private static void compareIntegers(Emitter e, Instruction i, String how, Type type) {
        boolean wide = type.bits() == 64;
        boolean unsigned = (!type.isSigned() && type.bits() > 16)
                || List.of("lo", "ls", "hi", "hs").contains(how);
        boolean ordering = !how.equals("eq") && !how.equals("ne");
        if (ordering && unsigned) {
            TypeKind kind = wide ? TypeKind.LONG : TypeKind.INT;
            e.call(wide ? Long.class : Integer.class, "compareUnsigned", TypeKind.INT, kind, kind);
        } else if (wide) {
            e.code.lcmp();
        } else {
            e.truth(
                    switch (how) {
                        case "eq" -> Opcode.IF_ICMPEQ;
                        case "ne" -> Opcode.IF_ICMPNE;
                        case "lt" -> Opcode.IF_ICMPLT;
                        case "le" -> Opcode.IF_ICMPLE;
                        case "gt" -> Opcode.IF_ICMPGT;
                        case "ge" -> Opcode.IF_ICMPGE;
                        default -> throw e.refusal(i, "unsupported comparison ." + how);
                    });
            return;
        }
        e.truth(
                switch (how) {
                    case "eq" -> Opcode.IFEQ;
                    case "ne" -> Opcode.IFNE;
                    case "lt", "lo" -> Opcode.IFLT;
                    case "le", "ls" -> Opcode.IFLE;
                    case "gt", "hi" -> Opcode.IFGT;
                    case "ge", "hs" -> Opcode.IFGE;
                    default -> throw e.refusal(i, "unsupported comparison ." + how);
                });
    }
}
