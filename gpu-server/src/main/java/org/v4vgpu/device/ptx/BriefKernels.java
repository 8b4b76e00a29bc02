package org.v4vgpu.device.ptx;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Statement;

/** Which kernels certainly end soon: those that only go forward and call nothing. Stateless, safe for any thread. */
final class BriefKernels {
    /** What takes time of its own: waits, and what waits for other threads. */
    private static final Set<String> WAITING = Set.of(
            "bar",
            "barrier",
            "call",
            "brx",
            "nanosleep",
            "mbarrier",
            "cp",
            "mma",
            "wmma",
            "ldmatrix",
            "stmatrix",
            "shfl",
            "vote",
            "match",
            "redux",
            "activemask");

    private BriefKernels() {}

    /** The most instructions that one thread can execute, or -1 if that can't be told from the text. */
    static int instructions(List<Statement> body) {
        Set<String> behind = new HashSet<>();
        int count = 0;
        for (Statement statement : body) {
            switch (statement) {
                case Statement.Label label -> behind.add(label.name());
                case Instruction instruction -> {
                    if (WAITING.contains(instruction.opcode()) || goesBack(instruction, behind)) {
                        return -1;
                    }
                    count++;
                }
            }
        }
        return count;
    }

    private static boolean goesBack(Instruction instruction, Set<String> behind) {
        return instruction.opcode().equals("bra")
                && instruction.operands().stream()
                        .anyMatch(operand -> operand instanceof Operand.Symbol label && behind.contains(label.name()));
    }
}
