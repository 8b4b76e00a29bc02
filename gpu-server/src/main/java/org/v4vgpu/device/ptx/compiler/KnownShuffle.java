package org.v4vgpu.device.ptx.compiler;

import java.util.Arrays;
import org.v4vgpu.device.ptx.runtime.Strips;
import org.v4vgpu.device.ptx.runtime.SyncPoint;
import org.v4vgpu.device.ptx.runtime.WarpLanes;

/** A shuffle of a whole warp whose operands are literals: from where each lane takes its value. Immutable. */
final class KnownShuffle {
    /** Of lanes that take their values from different distances, beyond which it is no shift. */
    private static final int MOST_OFFSETS = 3;

    private final int[] offsets = new int[Strips.WARP];
    private final int inside;

    KnownShuffle(SyncPoint.Kind kind, int distance, int clamp) {
        int found = 0;
        for (int lane = 0; lane < Strips.WARP; lane++) {
            int source = WarpLanes.source(kind, lane, distance, clamp);
            offsets[lane] = source < 0 ? 0 : source - lane;
            found |= source < 0 ? 0 : 1 << lane;
        }
        inside = found;
    }

    /** The lanes whose source lies inside of their segment. */
    int inside() {
        return inside;
    }

    /** Whether lanes side by side mostly take their values from lanes side by side. */
    boolean isShift() {
        return Arrays.stream(offsets).distinct().count() <= MOST_OFFSETS;
    }

    /** Whether it moves vectors of so many lanes as they are. */
    boolean movesWhole(int lanes) {
        return Arrays.stream(offsets).allMatch(offset -> offset % lanes == 0);
    }

    /** How far away the sources of some lanes side by side are. */
    int[] offsets(int first, int lanes) {
        return Arrays.stream(offsets, first, first + lanes).distinct().toArray();
    }

    /** Those of some lanes side by side whose source is so far away, as bits from the first on. */
    int lanes(int first, int lanes, int offset) {
        int found = 0;
        for (int lane = 0; lane < lanes; lane++) {
            found |= offsets[first + lane] == offset ? 1 << lane : 0;
        }
        return found;
    }
}
