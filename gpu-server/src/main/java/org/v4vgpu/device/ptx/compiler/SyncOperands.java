package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.TypeKind;
import java.util.List;
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
                if (SyncPoints.barrier(i) < 0) {
                    found.put(0, () -> e.push(i, 1, Type.U32));
                    found.put(1, count == 4 ? () -> e.push(i, 2, Type.U32) : e.code::iconst_0);
                }
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
            case "vote", "redux" -> {
                requireMask(e, i, masked, 3);
                found.put(0, () -> e.push(i, 1, i.opcode().equals("vote") ? Type.PRED : Type.B32));
                if (masked) {
                    found.put(MASK, () -> e.push(i, 2, Type.U32));
                }
            }
            case "match" -> {
                requireMask(e, i, masked, 3);
                if (i.type().bits() == 64) {
                    putLong(e, found, 0, () -> e.push(i, 1, Type.B64));
                } else {
                    found.put(0, () -> e.push(i, 1, Type.B32));
                    found.put(1, e.code::iconst_0);
                }
                if (masked) {
                    found.put(MASK, () -> e.push(i, 2, Type.U32));
                }
            }
            case "elect" -> found.put(MASK, () -> e.push(i, 1, Type.U32));
            default -> {
                if (MatrixOperations.is(i)) {
                    found.put(MASK, e.code::iconst_m1);
                    MatrixOperations.putOperands(e, i, found);
                }
            }
        }
        return found;
    }

    /** The row of the n-th word: they go around the mask's. */
    static int row(int word) {
        return word < MASK ? word : word + 1;
    }

    /** How many rows the operands take. */
    static int operandRows(Instruction i) {
        return MatrixOperations.is(i) ? row(MatrixOperations.operandWords(i)) : MASK + 1;
    }

    /** How many rows the results take. */
    static int resultRows(Instruction i) {
        return MatrixOperations.is(i) ? MatrixOperations.resultWords(i) : 2;
    }

    /** Which of the results a register takes: the last if several. */
    static int resultIndex(Instruction i, int register) {
        List<Operand> places = switch (i.operand(0)) {
            case Operand.Vector vector -> vector.elements();
            case Operand.Pair pair -> List.of(pair.first(), pair.second());
            case Operand single -> List.of(single);
        };
        return places.lastIndexOf(new Operand.Register(register));
    }

    /** Puts 64 bits into the rows of two words. */
    static void putLong(Emitter e, Map<Integer, Runnable> found, int word, Runnable push) {
        int slot = e.code.allocateLocal(TypeKind.LONG);
        found.put(row(word), () -> {
            push.run();
            e.code.lstore(slot).lload(slot).l2i();
        });
        found.put(
                row(word + 1), () -> e.code.lload(slot).loadConstant(32).lushr().l2i());
    }

    private static void requireMask(Emitter e, Instruction i, boolean masked, int full) {
        if (masked != (i.operands().size() == full)) {
            throw e.refusal(i, i.operands().size() + " operands");
        }
    }
}
