package org.v4vgpu.device.ptx.runtime;

import java.util.function.IntUnaryOperator;

/**
 * In which order lanes are picked where vectors of pairs or quadruples become vectors of their elements, and back. Tables, not to be
 * written. Safe for any thread.
 */
public final class TupleOrder {
    private static final int LEAST_LANES = 4;
    private static final int MOST_LANES = 16;
    private static final int MOST_SIZE = 4;

    private static final int[][][][] APART = new int[MOST_LANES + 1][MOST_SIZE + 1][][];
    private static final int[][][][] TOGETHER = new int[MOST_LANES + 1][MOST_SIZE + 1][][];

    static {
        for (int lanes = LEAST_LANES; lanes <= MOST_LANES; lanes *= 2) {
            for (int size = 2; size <= MOST_SIZE; size *= 2) {
                APART[lanes][size] = new int[size][];
                TOGETHER[lanes][size] = new int[size][];
                for (int which = 0; which < size; which++) {
                    int ownLanes = lanes;
                    int ownSize = size;
                    int own = which;
                    APART[lanes][size][which] = order(lanes, lane -> (ownSize * lane + own) % ownLanes);
                    TOGETHER[lanes][size][which] = order(lanes, lane -> (own * ownLanes + lane) / ownSize);
                }
            }
        }
    }

    private TupleOrder() {}

    private static int[] order(int lanes, IntUnaryOperator from) {
        int[] order = new int[lanes];
        for (int lane = 0; lane < lanes; lane++) {
            order[lane] = from.applyAsInt(lane);
        }
        return order;
    }

    /** For each lane of an element's vector, the lane of that vector in memory that holds it. */
    public static int[] apart(int lanes, int size, int element) {
        return APART[lanes][size][element];
    }

    /** For each lane of a vector in memory, the lane of its element's vector. */
    public static int[] together(int lanes, int size, int vector) {
        return TOGETHER[lanes][size][vector];
    }
}
