package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.TypeKind;
import org.v4vgpu.device.ptx.runtime.IntegerMath;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Type;

/** Bit fields, counts and permutations. Source: PTX ISA 9.7.1.14 to 9.7.1.22 and 9.7.9.7. */
final class BitEmitter {
    private static final TypeKind INT = TypeKind.INT;

    private BitEmitter() {}

    static void emit(Emitter e, Instruction i) {
        Type type = i.type();
        boolean wide = type.bits() == 64;
        TypeKind kind = wide ? TypeKind.LONG : INT;
        Class<?> box = wide ? Long.class : Integer.class;
        e.push(i, 1, type);
        Type result = Type.U32;
        switch (i.opcode()) {
            case "popc" -> e.call(box, "bitCount", INT, kind);
            case "clz" -> e.call(box, "numberOfLeadingZeros", INT, kind);
            case "brev" -> {
                e.call(box, "reverse", kind, kind);
                result = type;
            }
            case "bfind" -> {
                e.call(IntegerMath.class, type.isSigned() ? "bfind" : "bfindUnsigned", INT, kind);
                if (i.has("shiftamt")) {
                    e.code.loadConstant(type.bits());
                    e.call(IntegerMath.class, "shiftAmount", INT, INT, INT);
                }
            }
            case "bfe" -> {
                e.push(i, 2, Type.U32);
                e.push(i, 3, Type.U32);
                e.call(IntegerMath.class, type.isSigned() ? "bfe" : "bfeUnsigned", kind, kind, INT, INT);
                result = type;
            }
            case "bfi" -> {
                e.push(i, 2, type);
                e.push(i, 3, Type.U32);
                e.push(i, 4, Type.U32);
                e.call(IntegerMath.class, "bfi", kind, kind, kind, INT, INT);
                result = type;
            }
            case "prmt" -> {
                e.push(i, 2, type);
                String mode = i.oneOf("f4e", "b4e", "rc8", "ecl", "ecr", "rc16");
                if (mode.isEmpty()) {
                    e.push(i, 3, Type.B32);
                } else {
                    e.code.loadConstant(java.util.List.of("f4e", "b4e", "rc8", "ecl", "ecr", "rc16")
                            .indexOf(mode));
                    e.push(i, 3, Type.B32);
                    e.call(IntegerMath.class, "prmtMode", INT, INT, INT);
                }
                e.call(IntegerMath.class, "prmt", INT, INT, INT, INT);
            }
            default -> throw e.refusal(i, "unsupported instruction");
        }
        e.pop(i, i.operand(0), result);
    }
}
