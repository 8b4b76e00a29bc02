package org.v4vgpu.device.ptx.runtime;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/**
 * Runs the threads of one block from synchronising point to synchronising point until all have ended. Every thread has its own
 * program counter, so that barriers reached from different places count together and a deadlock is found, not suffered. Confined to
 * one worker.
 */
final class BlockScheduler {
    private static final int WARP = 32;

    /** Places that a message names. */
    private static final int MOST_PLACES = 4;

    private static final int EXITED = CompiledKernel.EXITED;
    private static final int MIXED = CompiledKernel.MIXED;

    private final CompiledKernel code;
    private final KernelPlan plan;
    private final SyncPoint[] points;
    private final ThreadBlock block;
    private final FaultContext faults;
    private final LaunchShape shape;
    private final boolean warps;
    private boolean begun;

    BlockScheduler(Launch launch, ThreadBlock block) {
        this.code = launch.code();
        this.plan = launch.plan();
        this.points = plan.points().toArray(new SyncPoint[0]);
        this.block = block;
        this.faults = launch.faults();
        this.shape = launch.shape();
        this.warps = plan.isSynchronizingWarps();
    }

    /**
     * Runs the block that {@code place} named, to its end, and perhaps some of those that follow it in its row.
     *
     * @param most that shall be run
     * @return how many have been
     */
    int run(long most) {
        begin();
        boolean mayGoOn = code.begin(block) && !plan.isSynchronizing();
        block.following = mayGoOn ? (int) Math.min(most, block.nctaidX - block.ctaidX) - 1 : 0;
        try {
            while (!advance()) {
                // Its threads wait for each other in a spin loop.
                block.poll();
            }
        } catch (Throwable thrown) {
            code.broke(block);
            throw thrown;
        }
        int blocks = block.takePassed() + 1;
        code.end(block, blocks);
        return blocks;
    }

    /** Begins the block that {@code place} named. */
    void begin() {
        begun = false;
    }

    /** Runs the block until all threads have ended, or until those that have not wait in spin loops: then answers false. */
    boolean advance() {
        AccessChecks checks = block.checks;
        if (checks == null) {
            return step();
        }
        try {
            boolean ended = step();
            if (ended) {
                checks.end();
            }
            return ended;
        } catch (RuntimeException thrown) {
            throw checks.causeOf(thrown);
        }
    }

    private boolean step() {
        if (!plan.isSynchronizing()) {
            code.run(0, block, 0, block.threads, 0);
            return true;
        }
        int start = begun ? MIXED : 0;
        if (!begun) {
            begun = true;
            block.beginThreads();
            Arrays.fill(block.arrived, 0);
        }
        int state = runAll(start);
        while (state != EXITED) {
            block.poll();
            boolean released = releaseBarriers();
            boolean spins = releaseSpinning();
            if (!released && !spins) {
                throw deadlock();
            }
            if (!released) {
                return false;
            }
            state = runAll(MIXED);
        }
        return true;
    }

    private boolean releaseSpinning() {
        boolean found = false;
        for (int t = 0; t < block.threads; t++) {
            int at = block.pc[t];
            if (at < 0 && points[~at].kind() == SyncPoint.Kind.SPIN) {
                block.pc[t] = ~at;
                found = true;
            }
        }
        return found;
    }

    /** Runs all threads until they have ended or wait for the block, or spin. Warps of strips have nothing to wait for but the block. */
    private int runAll(int start) {
        if (!warps) {
            return runTogether(start);
        }
        int state = block.inStrips ? runTogether(start) : MIXED;
        return block.inStrips || state == EXITED ? state : runWarps();
    }

    /** Runs the whole block while its threads move as one; answers EXITED when all have ended. */
    private int runTogether(int start) {
        int state = start == MIXED ? runReady(0, block.threads) : resume(0, 0, block.threads);
        while (true) {
            if (state == EXITED) {
                return EXITED;
            }
            if (state == MIXED) {
                if (!anyReady(0, block.threads)) {
                    return allExited() ? EXITED : MIXED;
                }
                state = runReady(0, block.threads);
            } else if (state >= 0) {
                state = resume(state, 0, block.threads);
            } else if (points[~state].kind() == SyncPoint.Kind.BARRIER) {
                block.poll();
                if (block.checks != null) {
                    block.checks.barrier();
                }
                takeUniforms();
                state = code.run(~state, block, 0, block.threads, state);
            } else if (points[~state].kind().isReduction() && isForAll(points[~state].barrier())) {
                block.poll();
                if (block.checks != null) {
                    block.checks.barrier();
                }
                reduceAll(points[~state].kind());
                takeUniforms();
                state = code.run(~state, block, 0, block.threads, state);
            } else {
                block.part();
                return MIXED;
            }
        }
    }

    private int runWarps() {
        for (int from = 0; from < block.threads; from += WARP) {
            runWarp(from, Math.min(block.threads, from + WARP));
        }
        return allExited() ? EXITED : MIXED;
    }

    /** Runs a warp until all its lanes have ended or wait for the block. */
    private void runWarp(int from, int to) {
        int state = runReady(from, to);
        while (state != EXITED) {
            if (state >= 0) {
                state = resume(state, from, to);
            } else if (anyReady(from, to)) {
                state = runReady(from, to);
            } else if (new WarpExchange(block, points, from, to).resolve()) {
                state = runReady(from, to);
            } else {
                return;
            }
        }
    }

    /** Runs the threads that stand at a program counter. Every way of a kernel that takes long comes by here or polls itself. */
    private int resume(int at, int from, int to) {
        block.poll();
        return code.run(at, block, from, to, at);
    }

    /** Runs every thread that is ready. Answers the common program counter of the range, or MIXED. */
    private int runReady(int from, int to) {
        int state = MIXED;
        for (int t = from; t < to; t++) {
            int at = block.pc[t];
            if (at >= 0 && at != EXITED) {
                state = resume(at, t, to);
            }
        }
        return state != MIXED && allAt(from, to, state) ? state : MIXED;
    }

    private boolean allAt(int from, int to, int state) {
        for (int t = from; t < to; t++) {
            if (block.pc[t] != state) {
                return false;
            }
        }
        return true;
    }

    private boolean anyReady(int from, int to) {
        for (int t = from; t < to; t++) {
            if (block.pc[t] >= 0 && block.pc[t] != EXITED) {
                return true;
            }
        }
        return false;
    }

    private boolean allExited() {
        return allAt(0, block.threads, EXITED);
    }

    /** Lets threads go on whose barrier is complete. */
    private boolean releaseBarriers() {
        boolean released = false;
        int used = 0;
        for (int t = 0; t < block.threads; t++) {
            int at = block.pc[t];
            if (at < 0 && points[~at].kind().isOfBlock()) {
                used |= 1 << barrier(points[~at], t);
            }
        }
        for (; used != 0; used &= used - 1) {
            released |= release(Integer.numberOfTrailingZeros(used));
        }
        takeUniforms();
        return released;
    }

    private boolean release(int id) {
        int alive = 0;
        int count = 0;
        BitSet waiting = new BitSet(block.threads);
        boolean arrivals = false;
        for (int t = 0; t < block.threads; t++) {
            int at = block.pc[t];
            alive += at == EXITED ? 0 : 1;
            if (at < 0 && points[~at].kind().isOfBlock() && barrier(points[~at], t) == id) {
                if (points[~at].kind() == SyncPoint.Kind.ARRIVE) {
                    block.arrived[id]++;
                    if (block.checks != null) {
                        block.checks.arrive(id, t);
                    }
                    block.pc[t] = ~at;
                    arrivals = true;
                } else {
                    waiting.set(t);
                }
                count = Math.max(count, points[~at].barrier() >= 0 ? 0 : block.operands[1][t]);
            }
        }
        int expected = count > 0 ? count : alive;
        if (waiting.isEmpty()) {
            // Arrivals alone complete barriers, too. What is left belongs to the next one.
            if (block.checks != null && block.arrived[id] == expected) {
                block.checks.barrier(id, waiting);
            }
            block.arrived[id] %= expected;
            return arrivals;
        }
        if (waiting.cardinality() + block.arrived[id] < expected) {
            return arrivals;
        }
        block.arrived[id] = 0;
        if (block.checks != null) {
            noteBarrier(block.checks, id, waiting, count == 0);
        }
        reduce(waiting);
        waiting.stream().forEach(t -> block.pc[t] = ~block.pc[t]);
        return true;
    }

    /** A barrier of all threads orders what those did that have ended, too. */
    private static void noteBarrier(AccessChecks checks, int id, BitSet waiting, boolean all) {
        if (all) {
            checks.barrier();
        } else {
            checks.barrier(id, waiting);
        }
    }

    private int barrier(SyncPoint point, int thread) {
        int id = point.barrier() >= 0 ? point.barrier() : block.operands[0][thread];
        if (id < 0 || id > 15) {
            block.faultThread = thread;
            throw new KernelFault(CudaStatus.ILLEGAL_INSTRUCTION, "barrier " + id + " is not one of 0 .. 15")
                    .at(point.line());
        }
        return id;
    }

    /** Whether a barrier has its number from the text and waits for nobody but those who are there when all threads are. */
    private boolean isForAll(int barrier) {
        return barrier >= 0 && block.arrived[barrier] == 0;
    }

    /** All threads wait at the same reduction. */
    private void reduceAll(SyncPoint.Kind kind) {
        int[] operands = block.operands[2];
        int count = 0;
        for (int t = 0; t < block.threads; t++) {
            count += (operands[t] | -operands[t]) >>> 31;
        }
        int result = reduced(kind, count, block.threads);
        Arrays.fill(block.results[0], 0, block.threads, result);
    }

    private static int reduced(SyncPoint.Kind kind, int count, int members) {
        return switch (kind) {
            case REDUCE_POPC -> count;
            case REDUCE_AND -> count == members ? 1 : 0;
            case REDUCE_OR -> count > 0 ? 1 : 0;
            default -> 0;
        };
    }

    private void reduce(BitSet members) {
        int count =
                (int) members.stream().filter(t -> block.operands[2][t] != 0).count();
        members.stream().forEach(t -> {
            block.results[0][t] = reduced(points[~block.pc[t]].kind(), count, members.cardinality());
        });
    }

    private void takeUniforms() {
        System.arraycopy(block.uniformOut, 0, block.uniformIn, 0, plan.uniforms());
    }

    private KernelFault deadlock() {
        Map<String, Integer> counts = new LinkedHashMap<>();
        Map<String, Integer> first = new HashMap<>();
        for (int t = 0; t < block.threads; t++) {
            if (block.pc[t] < 0) {
                String place = place(points[~block.pc[t]], t);
                counts.merge(place, 1, Integer::sum);
                first.putIfAbsent(place, t);
            }
        }
        List<String> places = new ArrayList<>();
        counts.forEach((place, count) -> places.add((count == 1 ? "1 thread" : count + " threads, the first of them")
                + " " + FaultReport.point(first.getOrDefault(place, 0), shape) + ", at " + place));
        int more = places.size() - MOST_PLACES;
        return KernelFault.ofBlock(
                CudaStatus.LAUNCH_FAILED,
                "deadlock: threads wait for each other, "
                        + String.join("; ", places.subList(0, Math.min(places.size(), MOST_PLACES)))
                        + (more > 0 ? "; and at " + more + " more places;" : ";"));
    }

    /** Where a thread waits, in words. */
    private String place(SyncPoint point, int thread) {
        String what = point.kind().isOfBlock()
                ? "barrier " + barrier(point, thread)
                : point.kind().name().toLowerCase(Locale.ROOT).replace('_', ' ') + " of its warp";
        return what + ", " + FaultReport.line(faults, point.line());
    }
}
