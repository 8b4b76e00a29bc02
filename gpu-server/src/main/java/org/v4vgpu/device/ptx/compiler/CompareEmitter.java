package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.util.List;
import org.v4vgpu.device.ptx.runtime.FloatMath;
import org.v4vgpu.device.ptx.runtime.HalfMath;
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
        if (i.type().isPacked()) {
            setPredicates(e, i);
            return;
        }
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

    /** Of two halves: the first destination for the lower. */
    private static void setPredicates(Emitter e, Instruction i) {
        if (!(i.operand(0) instanceof Operand.Pair targets)) {
            throw e.refusal(i, "needs two destinations");
        }
        String combination = combination(e, i, 4);
        int low = e.code.allocateLocal(TypeKind.INT);
        int[] sources = takeHalves(e, i);
        compareHalves(e, i, sources, 0);
        combine(e, i, combination);
        e.code.istore(low);
        compareHalves(e, i, sources, 16);
        combine(e, i, combination);
        e.pop(i, targets.second(), Type.PRED);
        e.code.iload(low);
        e.pop(i, targets.first(), Type.PRED);
    }

    /** Of two halves: 1.0 or all ones in each half of the result. */
    private static void setHalves(Emitter e, Instruction i, int truth) {
        String combination = combination(e, i, 4);
        int[] sources = takeHalves(e, i);
        for (int bit = 0; bit <= 16; bit += 16) {
            compareHalves(e, i, sources, bit);
            combine(e, i, combination);
            e.code.loadConstant(truth << bit).imul();
        }
        e.code.ior();
        e.pop(i, i.operand(0), Type.B32);
    }

    private static int[] takeHalves(Emitter e, Instruction i) {
        int[] sources = new int[2];
        for (int n = 0; n < 2; n++) {
            sources[n] = e.code.allocateLocal(TypeKind.INT);
            e.push(i, n + 1, i.lastType());
            e.code.istore(sources[n]);
        }
        return sources;
    }

    private static void compareHalves(Emitter e, Instruction i, int[] sources, int bit) {
        for (int slot : sources) {
            HalfEmitter.pushHalf(e.code, slot, bit);
            e.code.loadConstant(HalfEmitter.notes(i));
            e.call(HalfMath.class, "value", TypeKind.FLOAT, TypeKind.INT, TypeKind.INT);
        }
        compareFloats(e, i, comparison(e, i), true);
    }

    private static String combination(Emitter e, Instruction i, int full) {
        String combination = i.oneOf("and", "or", "xor");
        if (combination.isEmpty() != (i.operands().size() < full)) {
            throw e.refusal(i, "incomplete instruction");
        }
        return combination;
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
        if (i.lastType().isPacked()) {
            setHalves(
                    e,
                    i,
                    switch (i.type()) {
                        case F16X2 -> 0x3C00;
                        case BF16X2 -> 0x3F80;
                        case U32, S32, B32 -> 0xFFFF;
                        default ->
                            throw e.refusal(i, "unsupported type ." + i.type().ptxName());
                    });
            return;
        }
        compare(e, i, i.lastType());
        combine(e, i, combination(e, i, 4));
        switch (i.type()) {
            case F32 -> e.code.i2f();
            case F16 -> e.code.loadConstant(0x3C00).imul();
            case BF16 -> e.code.loadConstant(0x3F80).imul();
            case U32, S32, B32, U16, S16, B16 -> e.code.ineg();
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
            if (i.has("ftz")) {
                e.call(FloatMath.class, "ftz", TypeKind.FLOAT, TypeKind.FLOAT);
            }
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
        String how = comparison(e, i);
        for (int n = 1; n <= 2; n++) {
            e.push(i, n, type);
            if (type.isHalf()) {
                e.code.loadConstant(HalfEmitter.notes(i));
                e.call(HalfMath.class, "value", TypeKind.FLOAT, TypeKind.INT, TypeKind.INT);
            } else if (i.has("ftz") && type == Type.F32) {
                e.call(FloatMath.class, "ftz", TypeKind.FLOAT, TypeKind.FLOAT);
            }
        }
        if (type.isFloat()) {
            compareFloats(e, i, how, type != Type.F64);
        } else {
            compareIntegers(e, i, how, type);
        }
    }

    private static String comparison(Emitter e, Instruction i) {
        List<String> found =
                i.modifiers().stream().filter(List.of(COMPARISONS)::contains).toList();
        if (found.size() != 1) {
            throw e.refusal(i, "incomplete instruction");
        }
        return found.getFirst();
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
