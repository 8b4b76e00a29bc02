package org.v4vgpu.device.ptx.compiler;

import java.util.Map;
import java.util.TreeMap;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Type;

/** Which operand of a synchronising instruction goes into which row; each entry pushes it. */
final class SyncOperands {
    /** The row of the lanes that take part. */
    private static final int MASK = 3;

    private SyncOperands() {}

    static Map<Integer, Runnable> of(Emitter e, Instruction i) {
        Map<Integer, Runnable> found = new TreeMap<>();
        int count = i.operands().size();
        boolean masked = i.has("sync");
        switch (i.opcode()) {
            case "bar" -> {
                if (count == 2 || i.has("arrive") || !(i.operand(0) instanceof Operand.IntegerLiteral)) {
                    found.put(0, () -> e.push(i, 0, Type.U32));
                    found.put(1, count == 2 ? () -> e.push(i, 1, Type.U32) : e.code::iconst_0);
                }
            }
            case "bar.red" -> {
                if (count < 3) {
                    throw e.refusal(i, "incomplete instruction");
                }
                found.put(0, () -> e.push(i, 1, Type.U32));
                found.put(1, count == 4 ? () -> e.push(i, 2, Type.U32) : e.code::iconst_0);
                found.put(2, () -> e.push(i, count - 1, Type.PRED));
            }
            case "bar.warp" -> found.put(MASK, () -> e.push(i, 0, Type.U32));
            case "shfl" -> {
                requireMask(e, i, masked, 5);
                found.put(0, () -> e.push(i, 1, Type.B32));
                found.put(1, () -> e.push(i, 2, Type.U32));
                found.put(2, () -> e.push(i, 3, Type.U32));
                if (masked) {
                    found.put(MASK, () -> e.push(i, 4, Type.U32));
                }
            }
            case "vote", "match", "redux" -> {
                requireMask(e, i, masked, 3);
                found.put(0, () -> e.push(i, 1, i.opcode().equals("vote") ? Type.PRED : Type.B32));
                if (masked) {
                    found.put(MASK, () -> e.push(i, 2, Type.U32));
                }
            }
            default -> {}
        }
        return found;
    }

    private static void requireMask(Emitter e, Instruction i, boolean masked, int full) {
        if (masked != (i.operands().size() == full)) {
            throw e.refusal(i, i.operands().size() + " operands");
        }
    }
}
