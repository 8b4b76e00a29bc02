package org.v4vgpu.device.ptx.runtime;

/**
 * What the lanes of a warp get from each other, for generated code that has the values of all 32 in arrays, and for {@link
 * WarpExchange}. Groups of lanes are bits. Safe for any thread. Source: PTX ISA 9.7.9 and 9.7.14.
 */
public final class WarpLanes {
    private WarpLanes() {}

    /**
     * The lane that a shuffle takes its value from.
     *
     * @param distance the second operand
     * @param clamp the third operand, with the mask of segments
     * @return -1 where that lies outside of the lane's segment
     */
    public static int source(SyncPoint.Kind shuffle, int lane, int distance, int clamp) {
        int far = distance & 31;
        int segment = clamp >> 8 & 31;
        int least = lane & segment;
        int most = least | (clamp & 31 & ~segment);
        int source = switch (shuffle) {
            case SHUFFLE_UP -> lane - far;
            case SHUFFLE_DOWN -> lane + far;
            case SHUFFLE_BUTTERFLY -> lane ^ far;
            default -> least | (far & ~segment);
        };
        boolean inside = shuffle == SyncPoint.Kind.SHUFFLE_UP ? source >= most : source <= most;
        return inside ? source : -1;
    }

    /**
     * Shuffles. Lanes whose source takes no part keep their own value.
     *
     * @param group the lanes that take part
     * @return the lanes whose source lies inside of their segment
     */
    public static int shuffle(
            SyncPoint.Kind kind, int[] values, int[] distances, int[] clamps, int group, int[] results) {
        int inside = 0;
        for (int lane = 0; lane < Strips.WARP; lane++) {
            int source = source(kind, lane, distances[lane], clamps[lane]);
            boolean present = source >= 0 && (group >>> source & 1) != 0;
            results[lane] = values[present ? source : lane];
            inside |= source >= 0 ? 1 << lane : 0;
        }
        return inside;
    }

    /** Puts words into the low halves of longs. */
    public static void widen(int[] words, long[] into) {
        for (int lane = 0; lane < Strips.WARP; lane++) {
            into[lane] = words[lane];
        }
    }

    /** Leaves in each lane those of the group that have the same value. */
    public static void matchAny(long[] values, int group, int[] results) {
        for (int rest = group; rest != 0; ) {
            long value = values[Integer.numberOfTrailingZeros(rest)];
            int same = 0;
            for (int others = rest; others != 0; others &= others - 1) {
                int lane = Integer.numberOfTrailingZeros(others);
                same |= values[lane] == value ? 1 << lane : 0;
            }
            for (int others = same; others != 0; others &= others - 1) {
                results[Integer.numberOfTrailingZeros(others)] = same;
            }
            rest &= ~same;
        }
    }

    /** The group if all of it have the same value, else 0. */
    public static int matchAll(long[] values, int group) {
        long value = values[Integer.numberOfTrailingZeros(group)];
        for (int rest = group; rest != 0; rest &= rest - 1) {
            if (values[Integer.numberOfTrailingZeros(rest)] != value) {
                return 0;
            }
        }
        return group;
    }

    /** What redux makes of the values of a group. */
    public static int reduce(SyncPoint.Kind kind, int[] values, int group) {
        int result = values[Integer.numberOfTrailingZeros(group)];
        for (int rest = group & (group - 1); rest != 0; rest &= rest - 1) {
            result = reduce(kind, result, values[Integer.numberOfTrailingZeros(rest)]);
        }
        return result;
    }

    static int reduce(SyncPoint.Kind kind, int a, int b) {
        return switch (kind) {
            case REDUX_ADD -> a + b;
            case REDUX_MIN_SIGNED -> Math.min(a, b);
            case REDUX_MAX_SIGNED -> Math.max(a, b);
            case REDUX_MIN_UNSIGNED -> Integer.compareUnsigned(a, b) < 0 ? a : b;
            case REDUX_MAX_UNSIGNED -> Integer.compareUnsigned(a, b) > 0 ? a : b;
            case REDUX_AND -> a & b;
            case REDUX_OR -> a | b;
            case REDUX_XOR -> a ^ b;
            default -> a;
        };
    }
}
