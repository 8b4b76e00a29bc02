package org.v4vgpu.device.ptx.runtime;

import java.util.Objects;
import org.v4vgpu.proto.CudaStatus;

/**
 * What the lanes of a warp do together: shuffles, votes, matches, reductions. Lanes take part once all lanes that their mask names
 * wait at an instruction of the same kind and mask, or have ended. Source: PTX ISA 9.7.9 and 9.7.14.
 */
final class WarpExchange {
    private final ThreadBlock block;
    private final SyncPoint[] points;
    private final int from;
    private final int lanes;

    WarpExchange(ThreadBlock block, SyncPoint[] points, int from, int to) {
        this.block = block;
        this.points = points;
        this.from = from;
        this.lanes = to - from;
    }

    /** Completes what can be completed. Returns whether a lane may go on. */
    boolean resolve() {
        int alive = 0;
        int waiting = 0;
        int masked = 0;
        for (int lane = 0; lane < lanes; lane++) {
            int at = block.pc[from + lane];
            alive |= at == CompiledKernel.EXITED ? 0 : 1 << lane;
            if (at < 0 && points[~at].kind().isOfWarp()) {
                waiting |= 1 << lane;
                masked |= points[~at].masked() ? 1 << lane : 0;
            }
        }
        boolean moved = false;
        for (int rest = masked; rest != 0; ) {
            int group = sameKindAndMask(Integer.numberOfTrailingZeros(rest), rest);
            rest &= ~group;
            int wanted = mask(Integer.numberOfTrailingZeros(group)) & alive;
            if ((wanted & ~group) == 0) {
                exchange(group);
                moved = true;
            }
        }
        for (int rest = moved ? 0 : waiting & ~masked; rest != 0; ) {
            int group = samePoint(Integer.numberOfTrailingZeros(rest), rest);
            rest &= ~group;
            exchange(group);
            moved = true;
        }
        return moved;
    }

    private int sameKindAndMask(int first, int among) {
        int group = 0;
        for (int rest = among; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            if (point(lane).kind() == point(first).kind()
                    && mask(lane) == mask(first)
                    && Objects.equals(point(lane).operation(), point(first).operation())) {
                group |= 1 << lane;
            }
        }
        return group;
    }

    private int samePoint(int first, int among) {
        int group = 0;
        for (int rest = among; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            if (block.pc[from + lane] == block.pc[from + first]) {
                group |= 1 << lane;
            }
        }
        return group;
    }

    private SyncPoint point(int lane) {
        return points[~block.pc[from + lane]];
    }

    private int mask(int lane) {
        return block.operands[3][from + lane];
    }

    private void exchange(int group) {
        if (block.checks != null) {
            block.checks.warp(from);
        }
        int first = Integer.numberOfTrailingZeros(group);
        SyncPoint.Kind kind = point(first).kind();
        WarpOperation operation = point(first).operation();
        if (operation != null) {
            perform(operation, point(first).line(), group);
            release(group);
            return;
        }
        int ballot = 0;
        int reduced = block.operands[0][from + Integer.numberOfTrailingZeros(group)];
        boolean equal = true;
        for (int rest = group; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            int value = block.operands[0][from + lane];
            ballot |= value != 0 ? 1 << lane : 0;
            equal &= matches(lane, first);
            reduced = rest == group ? value : WarpLanes.reduce(kind, reduced, value);
        }
        for (int rest = group; rest != 0; rest &= rest - 1) {
            int lane = Integer.numberOfTrailingZeros(rest);
            switch (kind) {
                case SHUFFLE_UP, SHUFFLE_DOWN, SHUFFLE_BUTTERFLY, SHUFFLE_INDEX -> shuffle(kind, lane, group);
                case VOTE_ALL -> result(lane, ballot == group ? 1 : 0);
                case VOTE_ANY -> result(lane, ballot != 0 ? 1 : 0);
                case VOTE_UNIFORM -> result(lane, ballot == 0 || ballot == group ? 1 : 0);
                case VOTE_BALLOT -> result(lane, ballot);
                case ACTIVE_MASK -> result(lane, group);
                case ELECT -> {
                    result(lane, first);
                    block.results[1][from + lane] = lane == first ? 1 : 0;
                }
                case MATCH_ANY -> result(lane, equalTo(lane, group));
                case MATCH_ALL -> {
                    result(lane, equal ? group : 0);
                    block.results[1][from + lane] = equal ? 1 : 0;
                }
                default -> result(lane, reduced);
            }
        }
        release(group);
    }

    private void release(int group) {
        for (int rest = group; rest != 0; rest &= rest - 1) {
            int thread = from + Integer.numberOfTrailingZeros(rest);
            block.pc[thread] = ~block.pc[thread];
        }
    }

    private void perform(WarpOperation operation, int line, int group) {
        if (group != -1) {
            block.faultThread = from + Integer.numberOfTrailingZeros(group);
            throw new KernelFault(
                            CudaStatus.ILLEGAL_INSTRUCTION,
                            "only " + Integer.bitCount(group)
                                    + " of the 32 threads of a warp take part in the matrix instruction")
                    .at(line);
        }
        try {
            operation.run(block, from, line);
        } catch (KernelFault fault) {
            throw fault.line() > 0 ? fault : fault.at(line);
        }
        if (block.checks != null) {
            block.checks.warp(from); // It reads for other lanes: what these do next comes after.
        }
    }

    /** Whether two lanes bring the same value to match, of up to 64 bits. */
    private boolean matches(int lane, int other) {
        return block.operands[0][from + lane] == block.operands[0][from + other]
                && block.operands[1][from + lane] == block.operands[1][from + other];
    }

    private void result(int lane, int value) {
        block.results[0][from + lane] = value;
    }

    private void shuffle(SyncPoint.Kind kind, int lane, int group) {
        int source = WarpLanes.source(kind, lane, block.operands[1][from + lane], block.operands[2][from + lane]);
        boolean inside = source >= 0;
        boolean present = inside && (group >>> source & 1) != 0;
        result(lane, block.operands[0][from + (present ? source : lane)]);
        block.results[1][from + lane] = inside ? 1 : 0;
    }

    private int equalTo(int lane, int group) {
        int found = 0;
        for (int rest = group; rest != 0; rest &= rest - 1) {
            int other = Integer.numberOfTrailingZeros(rest);
            found |= matches(lane, other) ? 1 << other : 0;
        }
        return found;
    }
}
