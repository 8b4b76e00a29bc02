package org.v4vgpu.device.ptx.compiler;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

/** The cycles of a flow graph: strongly connected components, by Tarjan's algorithm without recursion. Used again and again. */
final class Cycles {
    private record Step(int block, Iterator<Integer> rest) {}

    private final FlowGraph graph;
    private final int[] index;
    private final int[] low;
    private final BitSet onStack = new BitSet();
    private final Deque<Integer> stack = new ArrayDeque<>();
    private BitSet blocks = new BitSet();
    private List<BitSet> found = List.of();
    private int counter;

    Cycles(FlowGraph graph) {
        this.graph = graph;
        this.index = new int[graph.blocks().size()];
        this.low = new int[graph.blocks().size()];
    }

    /** The largest cycles that some blocks form without the others. */
    List<BitSet> among(BitSet some) {
        blocks = some;
        found = new ArrayList<>();
        counter = 0;
        some.stream().forEach(block -> index[block] = 0);
        some.stream().filter(block -> index[block] == 0).forEach(this::visit);
        return found;
    }

    private void visit(int start) {
        Deque<Step> path = new ArrayDeque<>();
        path.push(enter(start));
        while (!path.isEmpty()) {
            Step step = path.element();
            if (step.rest.hasNext()) {
                int next = step.rest.next();
                if (blocks.get(next) && index[next] == 0) {
                    path.push(enter(next));
                } else if (blocks.get(next) && onStack.get(next)) {
                    low[step.block] = Math.min(low[step.block], index[next]);
                }
            } else {
                path.pop();
                leave(step.block);
                if (!path.isEmpty()) {
                    int above = path.element().block;
                    low[above] = Math.min(low[above], low[step.block]);
                }
            }
        }
    }

    private Step enter(int block) {
        index[block] = ++counter;
        low[block] = counter;
        stack.push(block);
        onStack.set(block);
        return new Step(
                block, FlowGraph.successorsInTime(graph.blocks().get(block)).iterator());
    }

    private void leave(int block) {
        if (low[block] != index[block]) {
            return;
        }
        BitSet component = new BitSet();
        int member;
        do {
            member = stack.pop();
            onStack.clear(member);
            component.set(member);
        } while (member != block);
        boolean alone = component.cardinality() == 1;
        if (!alone || FlowGraph.successorsInTime(graph.blocks().get(block)).contains(block)) {
            found.add(component);
        }
    }
}
