package org.v4vgpu.device.ptx.compiler;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;

/** Registers that hold one literal wherever they are read: nvcc writes most operands of warp instructions so. Immutable. */
final class Constants {
    private final Map<Integer, Integer> values;

    private Constants(Map<Integer, Integer> values) {
        this.values = values;
    }

    static Constants of(Function function, FlowGraph graph) {
        Map<Integer, Integer> values = new HashMap<>();
        Set<Integer> written = new HashSet<>();
        for (FlowGraph.Block block : graph.blocks()) {
            for (Instruction i : block.instructions()) {
                boolean isConstant = i.opcode().equals("mov")
                        && i.guard() == null
                        && i.type().bits() == 32
                        && i.operand(1) instanceof Operand.IntegerLiteral;
                for (int register : i.definitions()) {
                    if (!written.add(register) || !isConstant || graph.liveIn(0).get(register)) {
                        values.remove(register);
                    } else if (i.operand(1) instanceof Operand.IntegerLiteral literal
                            && function.registers().get(register).bits() == 32) {
                        values.put(register, (int) literal.value());
                    }
                }
            }
        }
        return new Constants(values);
    }

    /** The low 32 bits of an operand, where they are known. */
    OptionalInt of(Operand operand) {
        return switch (operand) {
            case Operand.IntegerLiteral literal -> OptionalInt.of((int) literal.value());
            case Operand.Register register -> {
                Integer value = values.get(register.index());
                yield value == null ? OptionalInt.empty() : OptionalInt.of(value);
            }
            default -> OptionalInt.empty();
        };
    }
}
