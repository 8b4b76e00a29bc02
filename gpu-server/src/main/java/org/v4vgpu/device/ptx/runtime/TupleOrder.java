package org.v4vgpu.device.ptx.runtime;

import java.util.function.IntUnaryOperator;

/**
 * Which lanes of two vectors, counted through both, make a vector, where vectors of pairs or quadruples become vectors of their elements,
 * and back. Tables of as many numbers as vectors have lanes, not to be written. Safe for any thread.
 */
public final class TupleOrder {
    private TupleOrder() {}

    private static int[] order(int lanes, IntUnaryOperator from) {
        int[] order = new int[lanes];
        for (int lane = 0; lane < lanes; lane++) {
            order[lane] = from.applyAsInt(lane);
        }
        return order;
    }

    /** Of pairs, their first elements, or their second ones. */
    public static int[] everySecond(int lanes, int first) {
        return order(lanes, lane -> 2 * lane + first);
    }

    /** Of quadruples, an element of each, and behind these the next element of each. */
    public static int[] everyFourth(int lanes, int first) {
        int half = lanes / 2;
        return order(lanes, lane -> 4 * (lane % half) + first + lane / half);
    }

    /** The first halves of both, or the second ones. */
    public static int[] halves(int lanes, int which) {
        int half = lanes / 2;
        return order(lanes, lane -> lane % half + which * half + lane / half * lanes);
    }

    /** Lanes of both by turns, from the first half of each or from the second one. */
    public static int[] byTurns(int lanes, int which) {
        return order(lanes, lane -> lane / 2 + which * lanes / 2 + lane % 2 * lanes);
    }

    /** A lane of each half of either by turns, from the first quarters on or from the second ones: what {@link #halves} have put together. */
    public static int[] byHalves(int lanes, int which) {
        int half = lanes / 2;
        return order(lanes, lane -> lane / 4 + which * lanes / 4 + lane % 4 * half);
    }
}
