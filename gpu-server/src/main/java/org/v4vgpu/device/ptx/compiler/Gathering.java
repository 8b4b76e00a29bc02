package org.v4vgpu.device.ptx.compiler;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The partial blocks whose threads have all met at one block, and what those threads can know by then. A block is run by all the threads
 * that will ever come to it at once, if no way leads back before it: blocks run in the order of the text. Should it be the only one to
 * write a register, which none has brought along, then nobody reads the register who has not been there.
 */
final class Gathering {
    private static final int SEVERAL = -1;

    /** The blocks that threads may pass more than once, or one after the other. */
    private final BitSet repeated = new BitSet();

    /** The registers that threads bring along from where all were together. */
    private final BitSet brought = new BitSet();

    /** By register, the block that writes it, or SEVERAL. */
    private final Map<Integer, Integer> sources = new HashMap<>();

    private Gathering() {}

    /**
     * @param partial the blocks that some threads only run
     * @param meetings where the threads of each block meet
     * @param meeting of the blocks in question
     */
    static Gathering of(FlowGraph graph, BitSet partial, int[] meetings, int meeting) {
        Gathering found = new Gathering();
        BitSet own = new BitSet();
        partial.stream().filter(block -> meetings[block] == meeting).forEach(own::set);
        Deque<Integer> again = new ArrayDeque<>();
        for (int index : reachable(graph).stream().toArray()) {
            FlowGraph.Block block = graph.blocks().get(index);
            boolean isOwn = own.get(block.index());
            boolean isBefore = !isOwn && block.successors().stream().anyMatch(own::get);
            for (int successor : block.successors()) {
                if (isBefore) {
                    found.brought.or(graph.liveIn(successor)); // Also where some go straight on to the meeting.
                } else if (isOwn && own.get(successor) && successor <= block.index()) {
                    again.add(successor);
                }
            }
        }
        while (!again.isEmpty()) {
            int block = again.pop();
            if (!found.repeated.get(block)) {
                found.repeated.set(block);
                graph.blocks().get(block).successors().stream().filter(own::get).forEach(again::add);
            }
        }
        own.stream()
                .forEach(block -> graph.blocks()
                        .get(block)
                        .instructions()
                        .forEach(instruction -> instruction
                                .definitions()
                                .forEach(register -> found.sources.merge(
                                        register, block, (a, b) -> a.equals(b) ? a : Integer.valueOf(SEVERAL)))));
        return found;
    }

    private static BitSet reachable(FlowGraph graph) {
        BitSet found = new BitSet();
        Deque<Integer> open = new ArrayDeque<>(List.of(0));
        while (!open.isEmpty()) {
            int block = open.pop();
            if (!found.get(block)) {
                found.set(block);
                open.addAll(FlowGraph.successorsInTime(graph.blocks().get(block)));
            }
        }
        return found;
    }

    /** Whether no thread but those that run the block can have a use for what was in a register before. */
    boolean isOnlySource(int block, int register) {
        return !repeated.get(block) && !brought.get(register) && sources.getOrDefault(register, SEVERAL) == block;
    }
}
