package org.v4vgpu.device.ptx.compiler;

import org.v4vgpu.device.ptx.runtime.SyncPoint;
import org.v4vgpu.device.ptx.runtime.SyncPoint.Kind;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.Type;

/** What each synchronising instruction is to the scheduler. */
final class SyncPoints {
    private SyncPoints() {}

    static SyncPoint of(Instruction sync) {
        boolean masked = sync.has("sync") && !sync.opcode().equals("bar");
        if (sync.opcode().equals("bar")
                && sync.operand(0) instanceof Operand.IntegerLiteral id
                && (id.value() < 0 || id.value() > 15)) {
            throw new PtxErrors.Refusal(
                    sync.line(), sync.written() + ": barrier " + id.value() + " is not one of 0 .. 15");
        }
        return new SyncPoint(
                kind(sync),
                masked,
                barrier(sync),
                sync.line(),
                MatrixOperations.is(sync) ? MatrixOperations.of(sync) : null);
    }

    /** The number of a barrier for all threads, or -1 where their operands say what it is. */
    static int barrier(Instruction sync) {
        int at = sync.opcode().equals("bar.red") ? 1 : 0;
        boolean all = sync.opcode().equals("bar")
                ? kind(sync) == Kind.BARRIER
                : sync.opcode().equals("bar.red") && sync.operands().size() == 3;
        return all && sync.operand(at) instanceof Operand.IntegerLiteral id && id.value() >= 0 && id.value() <= 15
                ? (int) id.value()
                : -1;
    }

    private static Kind kind(Instruction sync) {
        return switch (sync.opcode()) {
            case "bar" ->
                sync.has("arrive")
                        ? Kind.ARRIVE
                        : sync.operands().size() == 1 && sync.operand(0) instanceof Operand.IntegerLiteral
                                ? Kind.BARRIER
                                : Kind.NAMED_BARRIER;
            case "bar.red" -> sync.has("popc") ? Kind.REDUCE_POPC : sync.has("and") ? Kind.REDUCE_AND : Kind.REDUCE_OR;
            case "bar.warp", FlowGraph.LOCKSTEP -> Kind.WARP_SYNC;
            case FlowGraph.SPIN -> Kind.SPIN;
            case "elect" -> Kind.ELECT;
            case "ldmatrix", "stmatrix", "movmatrix", "mma", "wmma.load", "wmma.store", "wmma.mma" -> Kind.MATRIX;
            case "activemask" -> Kind.ACTIVE_MASK;
            case "shfl" ->
                switch (sync.oneOf("up", "down", "bfly", "idx")) {
                    case "up" -> Kind.SHUFFLE_UP;
                    case "down" -> Kind.SHUFFLE_DOWN;
                    case "bfly" -> Kind.SHUFFLE_BUTTERFLY;
                    case "idx" -> Kind.SHUFFLE_INDEX;
                    default -> throw incomplete(sync);
                };
            case "vote" ->
                switch (sync.oneOf("all", "any", "uni", "ballot")) {
                    case "all" -> Kind.VOTE_ALL;
                    case "any" -> Kind.VOTE_ANY;
                    case "uni" -> Kind.VOTE_UNIFORM;
                    case "ballot" -> Kind.VOTE_BALLOT;
                    default -> throw incomplete(sync);
                };
            case "match" -> sync.has("all") ? Kind.MATCH_ALL : Kind.MATCH_ANY;
            default -> redux(sync);
        };
    }

    private static Kind redux(Instruction sync) {
        boolean signed = sync.type() == Type.S32;
        return switch (sync.oneOf("add", "min", "max", "and", "or", "xor")) {
            case "add" -> Kind.REDUX_ADD;
            case "min" -> signed ? Kind.REDUX_MIN_SIGNED : Kind.REDUX_MIN_UNSIGNED;
            case "max" -> signed ? Kind.REDUX_MAX_SIGNED : Kind.REDUX_MAX_UNSIGNED;
            case "and" -> Kind.REDUX_AND;
            case "or" -> Kind.REDUX_OR;
            case "xor" -> Kind.REDUX_XOR;
            default -> throw incomplete(sync);
        };
    }

    private static PtxErrors.Refusal incomplete(Instruction sync) {
        return new PtxErrors.Refusal(sync.line(), sync.written() + ": incomplete instruction");
    }
}
