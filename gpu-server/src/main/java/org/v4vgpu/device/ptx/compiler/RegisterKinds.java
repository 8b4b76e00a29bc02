package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.TypeKind;
import java.util.List;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Statement;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * Chooses the JVM kind of each register. PTX registers of type .b32 and .b64 have no type of their own: they become floats where most
 * instructions that name them say so; the others move bits.
 */
final class RegisterKinds {
    private RegisterKinds() {}

    static TypeKind of(Type type) {
        return switch (type) {
            case F32 -> TypeKind.FLOAT;
            case F64 -> TypeKind.DOUBLE;
            case B64, U64, S64, F32X2 -> TypeKind.LONG;
            default -> TypeKind.INT;
        };
    }

    static TypeKind[] infer(Function function) {
        List<Type> types = function.registers();
        int[] votes = new int[types.size()];
        for (Statement statement : function.body()) {
            if (statement instanceof Instruction instruction
                    && !instruction.types().isEmpty()
                    && !MatrixOperations.is(instruction)) {
                for (int i = 0; i < instruction.operands().size(); i++) {
                    Type type = i == 0 ? instruction.type() : instruction.lastType();
                    vote(instruction.operand(i), type, instruction.opcode(), votes);
                }
            }
        }
        TypeKind[] kinds = new TypeKind[types.size()];
        for (int i = 0; i < kinds.length; i++) {
            Type type = types.get(i);
            kinds[i] = of(type);
            if (votes[i] > 0 && type == Type.B32) {
                kinds[i] = TypeKind.FLOAT;
            } else if (votes[i] > 0 && type == Type.B64) {
                kinds[i] = TypeKind.DOUBLE;
            }
        }
        return kinds;
    }

    private static void vote(Operand operand, Type type, String opcode, int[] votes) {
        switch (operand) {
            case Operand.Register register -> {
                boolean moves =
                        opcode.equals("mov") || opcode.equals("selp") || opcode.equals("ld") || opcode.equals("st");
                votes[register.index()] += type == Type.F32 || type == Type.F64 ? 1 : moves && isBits(type) ? 0 : -1;
            }
            case Operand.Address address -> vote(address.base(), Type.U64, opcode, votes);
            case Operand.Vector vector -> vector.elements().forEach(element -> vote(element, type, opcode, votes));
            default -> {}
        }
    }

    private static boolean isBits(Type type) {
        return type == Type.B32 || type == Type.B64;
    }
}
