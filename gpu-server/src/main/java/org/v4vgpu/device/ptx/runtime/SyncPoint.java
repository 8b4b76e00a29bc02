package org.v4vgpu.device.ptx.runtime;

import org.jspecify.annotations.Nullable;

/**
 * A point where threads of a block wait for each other; the thread's operands stand in the block's rows.
 *
 * @param kind what happens there
 * @param masked whether the last operand row names the lanes that take part
 * @param barrier the number of a BARRIER, or of a reduction by all threads, where the text has it; else -1
 * @param operation of a MATRIX
 */
public record SyncPoint(
        Kind kind,
        boolean masked,
        int barrier,
        int line,
        @Nullable WarpOperation operation) {

    public SyncPoint(Kind kind, boolean masked, int barrier, int line) {
        this(kind, masked, barrier, line, null);
    }

    /** Barriers are of the block, everything else of a warp. */
    public enum Kind {
        /** The entry, and places where a kernel merely changes from one method to the next. */
        NONE,
        /** In a loop that waits for other threads: these run, then the thread goes on. */
        SPIN,
        /** Barrier 0 .. 15 with a constant id, for all threads. */
        BARRIER,
        /** bar.sync with rows: id, count or 0. */
        NAMED_BARRIER,
        ARRIVE,
        REDUCE_POPC,
        REDUCE_AND,
        REDUCE_OR,
        WARP_SYNC,
        ACTIVE_MASK,
        SHUFFLE_UP,
        SHUFFLE_DOWN,
        SHUFFLE_BUTTERFLY,
        SHUFFLE_INDEX,
        VOTE_ALL,
        VOTE_ANY,
        VOTE_UNIFORM,
        VOTE_BALLOT,
        MATCH_ANY,
        MATCH_ALL,
        REDUX_ADD,
        REDUX_MIN_SIGNED,
        REDUX_MIN_UNSIGNED,
        REDUX_MAX_SIGNED,
        REDUX_MAX_UNSIGNED,
        REDUX_AND,
        REDUX_OR,
        REDUX_XOR,
        ELECT,
        /** What the operation says. */
        MATRIX;

        public boolean isOfBlock() {
            return this == BARRIER
                    || this == NAMED_BARRIER
                    || this == ARRIVE
                    || this == REDUCE_POPC
                    || this == REDUCE_AND
                    || this == REDUCE_OR;
        }

        public boolean isReduction() {
            return this == REDUCE_POPC || this == REDUCE_AND || this == REDUCE_OR;
        }

        public boolean isOfWarp() {
            return this != NONE && this != SPIN && !isOfBlock();
        }
    }
}
