package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import org.v4vgpu.device.ptx.runtime.IntegerMath;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Type;

/** Integer addition and subtraction, with saturation and with the carry flag CC.CF. Source: PTX ISA 9.7.1.1 and 9.7.2. */
final class AddEmitter {
    private AddEmitter() {}

    static void emit(Emitter e, Instruction i) {
        Type type = i.type();
        boolean subtract = i.opcode().startsWith("sub");
        e.push(i, 1, type);
        if (i.has("cc") || i.readsCarry()) {
            if (type.bits() == 16) {
                throw e.refusal(i, "unsupported type");
            }
            addCarrying(e, i, type, 2);
            return;
        }
        e.push(i, 2, type);
        if (i.has("sat")) {
            if (type != Type.S32) {
                throw e.refusal(i, "unsupported modifier .sat");
            }
            e.call(
                    IntegerMath.class,
                    subtract ? "subSaturated" : "addSaturated",
                    TypeKind.INT,
                    TypeKind.INT,
                    TypeKind.INT);
        } else if (type.bits() == 64) {
            if (subtract) {
                e.code.lsub();
            } else {
                e.code.ladd();
            }
        } else if (subtract) {
            e.code.isub();
        } else {
            e.code.iadd();
        }
        e.pop(i, i.operand(0), type);
    }

    /**
     * Adds or subtracts what operand {@code second} holds to what is on the stack. Subtraction is addition of the complement; CC.CF is
     * then the borrow, the inverse of the carry.
     */
    static void addCarrying(Emitter e, Instruction i, Type type, int second) {
        CodeBuilder code = e.code;
        boolean subtract = i.opcode().startsWith("sub");
        boolean wide = type.bits() == 64;
        TypeKind kind = wide ? TypeKind.LONG : TypeKind.INT;
        int a = code.allocateLocal(kind);
        int b = code.allocateLocal(kind);
        int in = code.allocateLocal(TypeKind.INT);
        code.storeLocal(kind, a);
        e.push(i, second, type);
        if (subtract && wide) {
            code.loadConstant(-1L).lxor();
        } else if (subtract) {
            code.iconst_m1().ixor();
        }
        code.storeLocal(kind, b);
        if (i.readsCarry()) {
            code.iload(e.slot(i.carry()));
            if (subtract) {
                code.iconst_1().ixor();
            }
        } else {
            code.loadConstant(subtract ? 1 : 0);
        }
        code.istore(in);
        if (i.has("cc")) {
            code.loadLocal(kind, a).loadLocal(kind, b).iload(in);
            e.call(IntegerMath.class, "carry", TypeKind.INT, kind, kind, TypeKind.INT);
            if (subtract) {
                code.iconst_1().ixor();
            }
            code.istore(e.slot(i.carry()));
        }
        code.loadLocal(kind, a).loadLocal(kind, b);
        if (wide) {
            code.ladd().iload(in).i2l().ladd();
        } else {
            code.iadd().iload(in).iadd();
        }
        e.pop(i, i.operand(0), type);
    }
}
