package org.v4vgpu.device.ptx.compiler;

import java.util.BitSet;
import java.util.List;
import org.v4vgpu.device.ptx.syntax.Function;

/** What threads that have parted come to pass all the same. */
final class InevitableBlocks {
    private InevitableBlocks() {}

    /** For each block, those that every path from it to the end passes: as many bits as there are blocks, for each of them. */
    static BitSet[] of(Function function, FlowGraph graph, CompileBudget budget) {
        List<FlowGraph.Block> blocks = graph.blocks();
        int count = blocks.size();
        BitSet ends = reachesEnd(blocks);
        BitSet[] sets = new BitSet[count];
        for (int i = 0; i < count; i++) {
            sets[i] = new BitSet();
            if (ends.get(i)) {
                sets[i].set(0, count);
            } else {
                sets[i].set(i); // An endless loop: nothing is certain.
            }
        }
        boolean changed = true;
        while (changed) {
            changed = false;
            budget.requireTime(function);
            for (int i = count - 1; i >= 0; i--) {
                if (!ends.get(i)) {
                    continue;
                }
                List<Integer> successors = FlowGraph.successorsInTime(blocks.get(i));
                BitSet set = new BitSet();
                if (!successors.isEmpty()) {
                    set.set(0, count);
                    successors.forEach(successor -> set.and(sets[successor]));
                }
                set.set(i);
                if (!set.equals(sets[i])) {
                    sets[i] = set;
                    changed = true;
                }
            }
        }
        return sets;
    }

    private static BitSet reachesEnd(List<FlowGraph.Block> blocks) {
        BitSet found = new BitSet();
        boolean changed = true;
        while (changed) {
            changed = false;
            for (FlowGraph.Block block : blocks.reversed()) {
                List<Integer> successors = FlowGraph.successorsInTime(block);
                boolean ends = successors.isEmpty() || successors.stream().anyMatch(found::get);
                if (ends && !found.get(block.index())) {
                    found.set(block.index());
                    changed = true;
                }
            }
        }
        return found;
    }
}
