package org.v4vgpu.device.ptx.compiler;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.runtime.Strips;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;

/**
 * Accesses by strips that differ in their constant offsets only: unrolled loops and stencils are full of them. One check serves
 * all of a run, at its first; should a later one be wrong, the strip gives up a little early. Confined to the compiling thread.
 */
final class AccessRuns {
    /** Accesses of one basic block by one value of a register. Offsets in bytes. */
    static final class Run {
        private final Instruction first;
        long least;
        long greatest;

        /** The local that holds the index or native address of the least address, once that is computed; or -1. */
        int slot = -1;

        private final int bytes;
        private final long most;

        private Run(Instruction first, long offset) {
            this.first = first;
            this.bytes = first.type().bytes();
            boolean global = StripRules.space(first) == Space.GLOBAL;
            this.most = global ? Strips.MOST_BYTES - (long) Strips.THREADS * bytes : 1 << 20;
            this.least = offset;
            this.greatest = offset;
        }

        private boolean takes(Instruction i, long offset) {
            return i.type().bytes() == bytes
                    && (offset - least) % bytes == 0
                    && StripRules.space(i) == StripRules.space(first)
                    && Math.max(greatest, offset) - Math.min(least, offset) <= most;
        }

        private void add(long offset) {
            least = Math.min(least, offset);
            greatest = Math.max(greatest, offset);
        }
    }

    private final IdentityHashMap<Instruction, Run> runs = new IdentityHashMap<>();

    AccessRuns(FlowGraph graph, Regions.Region region, StripRules rules) {
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
                    && rules.isBeside(i)
                    && i.operand(i.opcode().equals("ld") ? 1 : 0) instanceof Operand.Address address
                    && address.base() instanceof Operand.Register base) {
                Run run = open.get(base.index());
                if (run == null || !run.takes(i, address.offset())) {
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
