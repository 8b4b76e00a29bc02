package org.v4vgpu.device.ptx;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.v4vgpu.device.ptx.compiler.FlowGraph;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Statement;

/** Which kernels certainly end soon: those that only go forward and call nothing. Stateless, safe for any thread. */
final class BriefKernels {
    /** What takes time of its own, besides what waits for other threads. */
    private static final Set<String> LONG = Set.of("call", "brx", "nanosleep");

    /** The same of opcodes in several words. */
    private static final List<String> LONG_FAMILIES = List.of("mbarrier.", "cp.async", "wmma.");

    private BriefKernels() {}

    /** The most instructions that one thread can execute, or -1 if that can't be told from the text. */
    static int instructions(List<Statement> body) {
        Set<String> behind = new HashSet<>();
        int count = 0;
        for (Statement statement : body) {
            switch (statement) {
                case Statement.Label label -> behind.add(label.name());
                case Instruction instruction -> {
                    if (takesLong(instruction) || goesBack(instruction, behind)) {
                        return -1;
                    }
                    count++;
                }
            }
        }
        return count;
    }

    private static boolean takesLong(Instruction instruction) {
        String opcode = instruction.opcode();
        return FlowGraph.isSynchronizing(instruction)
                || LONG.contains(opcode)
                || LONG_FAMILIES.stream().anyMatch(opcode::startsWith);
    }

    private static boolean goesBack(Instruction instruction, Set<String> behind) {
        return instruction.opcode().equals("bra")
                && instruction.operands().stream()
                        .anyMatch(operand -> operand instanceof Operand.Symbol label && behind.contains(label.name()));
    }
}
