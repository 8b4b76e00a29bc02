package org.v4vgpu.device.ptx.compiler;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;

/**
 * Where the threads of a strip part, by a branch on what varies, and where all have met again. Between, each basic block is run by some
 * of them only, always the first block in the order of the text that any thread stands at. So all have met again at a block that every
 * way passes, if the text has the blocks before it first; branches for which it has not are not taken.
 */
final class Partings {
    private final Function function;
    private final CompileBudget budget;
    private final FlowGraph graph;
    private final boolean byPlace;
    private final BitSet partial = new BitSet();
    private final BitSet merged = new BitSet();
    private final IdentityHashMap<Instruction, FlowGraph.Block> blocks = new IdentityHashMap<>();
    private final int[] meetings;
    private final BitSet[] inevitable;
    private Shapes shapes;

    private Partings(Function function, FlowGraph graph, CompileBudget budget, boolean byPlace) {
        this.function = function;
        this.byPlace = byPlace;
        this.budget = budget;
        this.graph = graph;
        this.meetings = new int[graph.blocks().size()];
        this.inevitable = InevitableBlocks.of(function, graph, budget);
        for (FlowGraph.Block block : graph.blocks()) {
            block.instructions().forEach(instruction -> blocks.put(instruction, block));
        }
        this.shapes = Shapes.of(function, graph, merged, byPlace);
        while (step()) {
            shapes = Shapes.of(function, graph, merged, byPlace);
        }
    }

    /** Where strips part by what varies, and give up where a comparison of their coordinates comes out differently. */
    static Partings of(Function function, FlowGraph graph, CompileBudget budget) {
        return new Partings(function, graph, budget, false);
    }

    /** Where strips part by comparisons of coordinates, too. */
    static Partings byPlace(Function function, FlowGraph graph, CompileBudget budget) {
        return new Partings(function, graph, budget, true);
    }

    /** Whether threads part where a comparison of their coordinates comes out differently. */
    boolean areByPlace() {
        return byPlace;
    }

    Shapes shapes() {
        return shapes;
    }

    /** Whether some threads only may run a block. */
    boolean isPartial(int block) {
        return partial.get(block);
    }

    boolean isPartial(Instruction instruction) {
        FlowGraph.Block block = blocks.get(instruction);
        return block != null && partial.get(block.index());
    }

    /** The number of the block that an instruction stands in. */
    int block(Instruction instruction) {
        FlowGraph.Block block = blocks.get(instruction);
        if (block == null) {
            throw new IllegalStateException(instruction.written());
        }
        return block.index();
    }

    /** The registers that partial blocks share with others: threads that write them there leave the others' as they were. */
    BitSet merged() {
        return merged;
    }

    /**
     * The next block, in the order of the text, at which threads may stand when one has been run, or where all meet.
     *
     * @param isCounted of partial blocks, those that can be reached
     */
    int next(int block, IntPredicate isCounted) {
        int next = block + 1;
        while (next < meetings[block] && !(isCounted.test(next) && meetings[next] == meetings[block])) {
            next++;
        }
        return next;
    }

    /** Where the strip may go on in a region when a block has been run: with its threads, or with others that stand elsewhere. */
    Set<Integer> followers(int block, BitSet region) {
        Set<Integer> followers = new TreeSet<>(graph.blocks().get(block).successors());
        if (meetings[block] > 0) {
            followers.add(next(block, other -> region.get(other) && partial.get(other)));
        }
        followers.removeIf(follower -> !region.get(follower));
        return followers;
    }

    /** Whether threads may part at a branch. */
    boolean isAllowed(Instruction branch) {
        FlowGraph.Block block = blocks.get(branch);
        return block != null && meetings[block.index()] > 0;
    }

    private boolean step() {
        int before = partial.cardinality() + merged.cardinality();
        for (FlowGraph.Block block : graph.blocks()) {
            Instruction last = block.last();
            if (last != null
                    && last.opcode().equals("bra")
                    && last.guard() != null
                    && shapes.of(last.guard().register()).isVarying()) {
                part(block);
            }
        }
        merge();
        return partial.cardinality() + merged.cardinality() != before;
    }

    /**
     * Registers that are not a block's own: they live where others may stand meanwhile, or where all meet, and these others may have
     * got them elsewhere.
     */
    private void merge() {
        Map<Integer, Gathering> gatherings = new HashMap<>();
        Map<Integer, BitSet> living = new HashMap<>();
        partial.stream().forEach(block -> {
            BitSet others = living.computeIfAbsent(meetings[block], _ -> new BitSet());
            others.or(graph.liveIn(block));
            graph.blocks().get(block).successors().forEach(successor -> others.or(graph.liveIn(successor)));
        });
        partial.stream().forEach(block -> {
            BitSet others = living.getOrDefault(meetings[block], new BitSet());
            for (Instruction instruction : graph.blocks().get(block).instructions()) {
                instruction.definitions().stream()
                        .filter(others::get)
                        .filter(register -> !gatherings
                                .computeIfAbsent(
                                        meetings[block], meeting -> Gathering.of(graph, partial, meetings, meeting))
                                .isOnlySource(block, register))
                        .forEach(merged::set);
            }
        });
    }

    private void part(FlowGraph.Block branch) {
        BitSet between = new BitSet();
        BitSet ends = new BitSet();
        Deque<Integer> open = new ArrayDeque<>(branch.successors());
        while (!open.isEmpty()) {
            int block = open.pop();
            if (block != branch.index() && inevitable[branch.index()].get(block)) {
                ends.set(block);
            } else if (!between.get(block)) {
                between.set(block);
                open.addAll(FlowGraph.successorsInTime(graph.blocks().get(block)));
            }
        }
        int end = ends.cardinality() == 1 ? ends.nextSetBit(0) : 0;
        boolean isFirst = end > Math.max(branch.index(), between.length() - 1);
        if (!isFirst || between.stream().anyMatch(this::isEnding)) {
            return;
        }
        // Those that part between have met by then, too, or part no further than that.
        partial.or(between);
        between.set(branch.index());
        between.stream().forEach(block -> meetings[block] = Math.max(meetings[block], end));
        settle();
    }

    /** A partial block's threads meet all others only where its neighbours' do. */
    private void settle() {
        boolean changed = true;
        while (changed) {
            changed = false;
            budget.requireTime(function);
            for (FlowGraph.Block block : graph.blocks()) {
                for (int successor : meetings[block.index()] > 0 ? block.successors() : List.<Integer>of()) {
                    if (partial.get(successor) && meetings[successor] != meetings[block.index()]) {
                        int most = Math.max(meetings[successor], meetings[block.index()]);
                        meetings[successor] = most;
                        meetings[block.index()] = most;
                        changed = true;
                    }
                }
            }
        }
    }

    /** Where threads wait or end, none may be alone. */
    private boolean isEnding(int block) {
        FlowGraph.Block found = graph.blocks().get(block);
        Instruction last = found.last();
        return found.sync() != null
                || (last != null
                        && (last.opcode().equals("ret")
                                || last.opcode().equals("exit")
                                || last.opcode().equals("brx")));
    }
}
