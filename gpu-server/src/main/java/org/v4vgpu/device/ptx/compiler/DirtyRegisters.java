package org.v4vgpu.device.ptx.compiler;

import java.util.Arrays;
import java.util.BitSet;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;

/** The registers that a thread may have changed since it entered a region: only these are stored when it waits. */
final class DirtyRegisters {
    private final BitSet[] atEnd;

    private DirtyRegisters(BitSet[] atEnd) {
        this.atEnd = atEnd;
    }

    BitSet atEnd(int block) {
        return atEnd[block];
    }

    static DirtyRegisters of(Function function, FlowGraph graph, Regions.Region region) {
        BitSet[] atEnd = new BitSet[graph.blocks().size()];
        Arrays.setAll(atEnd, _ -> new BitSet());
        Regions.Continuation entry =
                region.entries().isEmpty() ? null : region.entries().getFirst();
        BitSet start = new BitSet();
        if (entry == null || region.entries().size() > 1 || entry.id() == 0) {
            start.set(0, function.registers().size());
        } else if (entry.sync() != null) {
            entry.sync().definitions().forEach(start::set);
        }
        BitSet[] atStart = new BitSet[atEnd.length];
        Arrays.setAll(atStart, _ -> new BitSet());
        for (Regions.Continuation each : region.entries()) {
            atStart[each.block()].or(start);
        }
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int block : region.blocks().stream().toArray()) {
                BitSet dirty = (BitSet) atStart[block].clone();
                for (Instruction instruction : graph.blocks().get(block).instructions()) {
                    instruction.definitions().forEach(dirty::set);
                }
                if (!dirty.equals(atEnd[block])) {
                    atEnd[block] = dirty;
                    changed = true;
                }
                for (int successor : graph.blocks().get(block).successors()) {
                    atStart[successor].or(dirty);
                }
            }
        }
        return new DirtyRegisters(atEnd);
    }
}
