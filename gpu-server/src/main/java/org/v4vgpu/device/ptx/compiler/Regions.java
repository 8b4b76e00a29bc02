package org.v4vgpu.device.ptx.compiler;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.runtime.SyncPoint;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;

/**
 * Divides a kernel into regions: what a thread runs from one synchronising instruction to the next. Small kernels get a region for each
 * continuation, with the blocks that it reaches; where that would be too much code, or one method too long, the blocks are cut into
 * chunks that a thread leaves and enters as if it waited.
 */
final class Regions {
    /** Instructions of one method; 8 to 30 bytes of bytecode each, more where they are checked. */
    static final int LARGEST = 1500;

    /** The least to cut a method down to that became too large for the JVM all the same. */
    static final int SMALLEST = 90;

    /** Code that reaches the same place from several continuations is repeated up to this factor. */
    private static final int MOST_COPIES = 4;

    /** Blocks beyond which it is not asked what the threads of a block share: the answer takes the square of their number. */
    private static final int MOST_BLOCKS = 4096;

    /** Where a thread goes on. */
    record Continuation(int id, int block, @Nullable Instruction sync, SyncPoint point) {}

    /** One JVM method. */
    record Region(List<Continuation> entries, BitSet blocks) {}

    private final FlowGraph graph;
    private final int largest;
    private final List<Continuation> continuations = new ArrayList<>();
    private final Map<Integer, Continuation> bySync = new HashMap<>();
    private final Map<Integer, Continuation> byBlock = new HashMap<>();
    private final List<Region> regions = new ArrayList<>();
    private final int[] chunk;
    private final boolean chunked;
    private final BitSet varying;

    private Regions(Function function, FlowGraph graph, CompileBudget budget, int largest) {
        this.graph = graph;
        this.largest = largest;
        this.chunk = new int[graph.blocks().size()];
        add(0, null, new SyncPoint(SyncPoint.Kind.NONE, false, 0, function.line()));
        for (FlowGraph.Block block : graph.blocks()) {
            Instruction sync = block.sync();
            if (sync != null) {
                bySync.put(block.index(), add(block.index() + 1, sync, SyncPoints.of(sync)));
            }
        }
        this.chunked = isTooLarge();
        if (chunked) {
            cutIntoChunks();
        } else {
            for (Continuation continuation : continuations) {
                regions.add(new Region(List.of(continuation), reach(continuation.block)));
            }
        }
        boolean common = !chunked
                && graph.blocks().size() <= MOST_BLOCKS
                && continuations.stream()
                        .allMatch(
                                c -> c.point.kind() == SyncPoint.Kind.NONE || c.point.kind() == SyncPoint.Kind.BARRIER);
        if (common) {
            varying = Uniformity.varying(function, graph, budget);
        } else {
            varying = new BitSet();
            varying.set(0, function.registers().size());
        }
    }

    /** The same continuations, with regions that do not end where the lanes of a warp wait for each other. */
    private Regions(Regions single, FlowGraph joined) {
        this.graph = joined;
        this.largest = single.largest;
        this.chunk = single.chunk;
        this.chunked = single.chunked;
        this.varying = single.varying;
        continuations.addAll(single.continuations);
        bySync.putAll(single.bySync);
        for (Continuation continuation : continuations) {
            if (!continuation.point.kind().isOfWarp()) {
                regions.add(new Region(List.of(continuation), reach(continuation.block)));
            }
        }
    }

    /** @param largest instructions of one method, if they are cut: {@link #LARGEST}, or less where that was too much */
    static Regions of(Function function, FlowGraph graph, CompileBudget budget, int largest) {
        return new Regions(function, graph, budget, largest);
    }

    /** @param graph whose warps run as one */
    Regions ofWarps(FlowGraph graph) {
        return new Regions(this, graph);
    }

    /** Whether lanes of a warp wait for each other. */
    boolean isOfWarps() {
        return continuations.stream().anyMatch(each -> each.point.kind().isOfWarp());
    }

    List<Continuation> continuations() {
        return continuations;
    }

    List<Region> regions() {
        return regions;
    }

    /** Whether it was too large for a method for each continuation. */
    boolean isChunked() {
        return chunked;
    }

    boolean isSynchronizing() {
        return continuations.size() > 1;
    }

    /** Registers that each thread keeps; the others are kept once per block. */
    BitSet varying() {
        return varying;
    }

    /** The continuation behind the synchronising instruction that ends a block. */
    Continuation after(FlowGraph.Block block) {
        Continuation found = bySync.get(block.index());
        if (found == null) {
            throw new IllegalStateException("block " + block.index() + " does not synchronize");
        }
        return found;
    }

    /** The continuation through which a thread passes on its way from one block to another, or null if both share a method. */
    @Nullable
    Continuation between(int from, int to) {
        return chunked && chunk[from] != chunk[to] ? byBlock.get(to) : null;
    }

    private Continuation add(int block, @Nullable Instruction sync, SyncPoint point) {
        Continuation continuation = new Continuation(continuations.size(), block, sync, point);
        continuations.add(continuation);
        return continuation;
    }

    private boolean isTooLarge() {
        int whole = size(everything());
        if (whole > largest) {
            return true;
        }
        long copies = 0;
        for (Continuation continuation : continuations) {
            copies += size(reach(continuation.block));
        }
        return copies > (long) MOST_COPIES * whole + largest;
    }

    private void cutIntoChunks() {
        int size = 0;
        int number = 0;
        for (FlowGraph.Block block : graph.blocks()) {
            size += block.instructions().size();
            if (size > largest) {
                number++;
                size = block.instructions().size();
            }
            chunk[block.index()] = number;
        }
        for (FlowGraph.Block block : graph.blocks()) {
            for (int successor : block.successors()) {
                if (chunk[successor] != chunk[block.index()] && !byBlock.containsKey(successor)) {
                    byBlock.put(successor, add(successor, null, new SyncPoint(SyncPoint.Kind.NONE, false, 0, 0)));
                }
            }
        }
        for (int i = 0; i <= number; i++) {
            int own = i;
            BitSet blocks = new BitSet();
            graph.blocks().stream().filter(b -> chunk[b.index()] == own).forEach(b -> blocks.set(b.index()));
            List<Continuation> entries =
                    continuations.stream().filter(c -> chunk[c.block] == own).toList();
            regions.add(new Region(entries, blocks));
        }
    }

    private BitSet reach(int start) {
        BitSet found = new BitSet();
        Deque<Integer> open = new ArrayDeque<>(List.of(start));
        while (!open.isEmpty()) {
            int block = open.pop();
            if (!found.get(block)) {
                found.set(block);
                open.addAll(graph.blocks().get(block).successors());
            }
        }
        return found;
    }

    private BitSet everything() {
        BitSet all = new BitSet();
        all.set(0, graph.blocks().size());
        return all;
    }

    private int size(BitSet blocks) {
        return blocks.stream()
                .map(block -> graph.blocks().get(block).instructions().size())
                .sum();
    }
}
