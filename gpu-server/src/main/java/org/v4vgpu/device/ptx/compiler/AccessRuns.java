package org.v4vgpu.device.ptx.compiler;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.device.ptx.runtime.LiveRanges;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;

/**
 * Accesses by strips that differ in their constant offsets only: unrolled loops and stencils are full of them. One check serves
 * all of a run, at its first; should a later one be wrong, the strip gives up a little early. Confined to the compiling thread.
 */
final class AccessRuns {
    /** The most bytes of global memory, and of shared memory, that one check covers. */
    private static final int MOST_BYTES = 4096;

    private static final int MOST_SHARED_BYTES = 1 << 20;

    /** Accesses of one basic block by one value of a register. Offsets in bytes. */
    static final class Run {
        /** What {@link LiveRanges} knows it by. */
        final int site;

        private final Instruction opening;
        private final int bytes;
        private final int threads;
        long least;
        long greatest;

        /**
         * The local that holds the index or native address of the least address, once that is computed; or -1. Where some threads
         * only run, the local holds -1 if not all of the run is there.
         */
        int slot = -1;

        /** The locals with the device address where live memory begins, and with how many elements behind it a run may begin. */
        int first = -1;

        int limit = -1;

        private Run(Instruction opening, long offset, int site, int threads) {
            this.threads = threads;
            this.opening = opening;
            this.site = site;
            this.bytes = opening.type().bytes() * opening.vectorLength();
            this.least = offset;
            this.greatest = offset;
        }

        boolean isGlobal() {
            return StripRules.space(opening) == Space.GLOBAL;
        }

        int elementBytes() {
            return bytes;
        }

        /** From the first byte of the first access to the last one of the last. */
        int totalBytes() {
            return (int) (greatest - least) + threads * bytes;
        }

        /** How many words a thread has of an access. */
        int words() {
            return opening.vectorLength();
        }

        int shift() {
            return Integer.numberOfTrailingZeros(bytes);
        }

        private boolean takes(Instruction i, long offset) {
            return i.type().bytes() * i.vectorLength() == bytes
                    && (offset - least) % bytes == 0
                    && StripRules.space(i) == StripRules.space(opening)
                    && Math.max(greatest, offset) - Math.min(least, offset)
                            <= (isGlobal() ? MOST_BYTES : MOST_SHARED_BYTES);
        }

        private void add(long offset) {
            least = Math.min(least, offset);
            greatest = Math.max(greatest, offset);
        }
    }

    private final IdentityHashMap<Instruction, Run> runs = new IdentityHashMap<>();
    private final List<Run> all = new ArrayList<>();

    private final int threads;

    /**
     * Finds a region's.
     *
     * @param number of the region: its runs begin there to count
     * @param threads of a strip
     */
    AccessRuns(
            FlowGraph graph, Regions.Region region, StripRules rules, StripCommits commits, int number, int threads) {
        this.threads = threads;
        region.blocks().stream().forEach(block -> find(graph.blocks().get(block), rules, commits, number));
    }

    List<Run> all() {
        return all;
    }

    /** The run of an access side by side. */
    Run of(Instruction access) {
        Run run = runs.get(access);
        if (run == null) {
            throw new IllegalStateException(access.written());
        }
        return run;
    }

    private void find(FlowGraph.Block block, StripRules rules, StripCommits commits, int number) {
        Map<Integer, Run> open = new HashMap<>();
        for (Instruction i : block.instructions()) {
            if (rules.way(i) == StripRules.Way.MOVED
                    && rules.isBeside(i)
                    && i.operand(i.opcode().equals("ld") ? 1 : 0) instanceof Operand.Address address) {
                // What is located where a guard may leave it out, or where it may be wrong for some, is nothing that
                // others can rely on.
                boolean relied = i.guard() == null && !commits.isBehind(i);
                Run run = relied && address.base() instanceof Operand.Register base ? open.get(base.index()) : null;
                if (run == null || !run.takes(i, address.offset())) {
                    run = new Run(i, address.offset(), (number + all.size()) % LiveRanges.SITES, threads);
                    all.add(run);
                    if (relied && address.base() instanceof Operand.Register base) {
                        open.put(base.index(), run);
                    }
                }
                run.add(address.offset());
                runs.put(i, run);
            }
            i.definitions().forEach(open::remove);
        }
    }
}
