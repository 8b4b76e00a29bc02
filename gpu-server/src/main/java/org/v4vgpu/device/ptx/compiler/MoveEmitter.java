package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.util.List;
import org.v4vgpu.device.ptx.runtime.GenericAccess;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Type;

/** mov with packing and unpacking, cvta, isspacep. Source: PTX ISA 9.7.9. */
final class MoveEmitter {
    private MoveEmitter() {}

    static void emit(Emitter e, Instruction i) {
        switch (i.opcode()) {
            case "cvta" -> convertAddress(e, i);
            case "isspacep" -> {
                e.push(i, 1, Type.U64);
                long window = window(i.space());
                if (i.space() == Space.CONST) {
                    throw e.refusal(i, "unsupported space");
                }
                if (i.space() == Space.GLOBAL) {
                    window = 0;
                }
                e.code.loadConstant(window);
                e.call(GenericAccess.class, "isIn", TypeKind.INT, TypeKind.LONG, TypeKind.LONG);
                e.pop(i, i.operand(0), Type.PRED);
            }
            default -> move(e, i);
        }
    }

    private static void move(Emitter e, Instruction i) {
        if (i.operand(0) instanceof Operand.Vector parts) {
            unpack(e, i, parts.elements());
        } else if (i.operand(1) instanceof Operand.Vector parts) {
            pack(e, i, parts.elements());
        } else {
            e.push(i, 1, i.type());
            e.pop(i, i.operand(0), i.type());
        }
    }

    private static void pack(Emitter e, Instruction i, List<Operand> parts) {
        Type part = part(e, i, parts.size());
        CodeBuilder code = e.code;
        boolean wide = i.type().bits() == 64;
        for (int n = 0; n < parts.size(); n++) {
            e.push(i, parts.get(n), part);
            if (wide) {
                code.i2l()
                        .loadConstant(part.bits() == 32 ? 0xFFFF_FFFFL : 0xFFFFL)
                        .land();
                if (n > 0) {
                    code.loadConstant(n * part.bits()).lshl().lor();
                }
            } else if (n > 0) {
                code.loadConstant(n * part.bits()).ishl().ior();
            }
        }
        e.pop(i, i.operand(0), wide ? Type.B64 : Type.B32);
    }

    private static void unpack(Emitter e, Instruction i, List<Operand> parts) {
        Type part = part(e, i, parts.size());
        boolean wide = i.type().bits() == 64;
        int whole = e.code.allocateLocal(wide ? TypeKind.LONG : TypeKind.INT);
        e.push(i, 1, wide ? Type.B64 : Type.B32);
        e.code.storeLocal(wide ? TypeKind.LONG : TypeKind.INT, whole);
        for (int n = 0; n < parts.size(); n++) {
            if (wide) {
                e.code.lload(whole).loadConstant(n * part.bits()).lushr().l2i();
            } else {
                e.code.iload(whole).loadConstant(n * part.bits()).iushr();
            }
            e.narrow(part);
            e.pop(i, parts.get(n), part);
        }
    }

    private static Type part(Emitter e, Instruction i, int parts) {
        int bits = i.type().bits() / parts;
        if (parts == 2 && bits == 32) {
            return Type.B32;
        }
        if ((parts == 2 || parts == 4) && bits == 16) {
            return Type.B16;
        }
        throw e.refusal(i, parts + " parts of ." + i.type().ptxName());
    }

    private static void convertAddress(Emitter e, Instruction i) {
        if (i.type() != Type.U64) {
            throw e.refusal(i, "unsupported: only 64-bit addresses");
        }
        if (i.has("to")) {
            e.push(i, 1, Type.U64);
            e.code.loadConstant(window(i.space())).lsub();
        } else {
            e.push(i, 1, Type.U64);
            e.code.loadConstant(window(i.space())).ladd();
        }
        e.pop(i, i.operand(0), Type.U64);
    }

    /** Added to an address of a space it becomes generic. */
    static long window(Space space) {
        return switch (space) {
            case SHARED -> GenericAccess.SHARED_WINDOW;
            case LOCAL -> GenericAccess.LOCAL_WINDOW;
            case PARAM -> GenericAccess.PARAMETER_WINDOW;
            case GLOBAL, CONST, GENERIC -> 0;
        };
    }
}
