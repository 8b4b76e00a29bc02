package org.v4vgpu.device.ptx.compiler;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;

/**
 * Accesses of shared memory by strips that differ in their constant offsets only: unrolled loops are full of them. One check serves
 * all of a run, at its first; should a later one be wrong, the strip gives up a little early. Confined to the compiling thread.
 */
final class SharedRuns {
    /** Accesses of one basic block by one value of a register. Offsets in bytes. */
    static final class Run {
        final Instruction first;
        long least;
        long greatest;

        /** The local that holds the index of the least address, once that is computed; or -1. */
        int slot = -1;

        private Run(Instruction first, long offset) {
            this.first = first;
            this.least = offset;
            this.greatest = offset;
        }

        private boolean takes(long offset) {
            return (offset - least) % Integer.BYTES == 0 && Math.abs(offset - least) < 1 << 20;
        }

        private void add(long offset) {
            least = Math.min(least, offset);
            greatest = Math.max(greatest, offset);
        }
    }

    private final Map<Instruction, Run> runs = new IdentityHashMap<>();

    SharedRuns(FlowGraph graph, Regions.Region region, StripRules rules) {
        region.blocks().stream().forEach(block -> find(graph.blocks().get(block), rules));
    }

    /** The run of an access, or null if it stands alone. */
    @Nullable
    Run of(Instruction access) {
        return runs.get(access);
    }

    private void find(FlowGraph.Block block, StripRules rules) {
        Map<Integer, Run> open = new HashMap<>();
        for (Instruction i : block.instructions()) {
            if (i.guard() == null
                    && rules.way(i) == StripRules.Way.MOVED
                    && StripRules.space(i) == Space.SHARED
                    && i.operand(i.opcode().equals("ld") ? 1 : 0) instanceof Operand.Address address
                    && address.base() instanceof Operand.Register base) {
                Run run = open.get(base.index());
                if (run == null || !run.takes(address.offset())) {
                    run = new Run(i, address.offset());
                    open.put(base.index(), run);
                }
                run.add(address.offset());
                runs.put(i, run);
            }
            i.definitions().forEach(open::remove);
        }
    }
}
