package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.syntax.Instruction;

/**
 * The control flow of a strip whose threads have parted: a bit for each of them, in a local for each basic block at which some may
 * stand. A block begins with those that stand there, if any, and ends by sending them on; then comes the next in the order of the text.
 */
final class StripMasks {
    private final Emitter e;
    private final CodeBuilder code;
    private final FlowGraph graph;
    private final Partings partings;
    private final IntFunction<Label> labels;

    /** The bits of all threads. */
    private final int all;

    /** The locals with the threads that stand at a block. */
    private final Map<Integer, Integer> standing = new TreeMap<>();

    /** The local with the threads that run the block at hand. */
    private final int running;

    /** The block at hand, if only some threads run it, or null. */
    private FlowGraph.@Nullable Block partial;

    /** The branch at which threads have parted, if that was the last that was emitted. */
    private @Nullable Instruction parted;

    StripMasks(
            Emitter e,
            FlowGraph graph,
            Regions.Region region,
            Partings partings,
            IntFunction<Label> labels,
            int threads) {
        this.all = StripRegisters.allOf(threads);
        this.e = e;
        this.code = e.code;
        this.graph = graph;
        this.partings = partings;
        this.labels = labels;
        this.running = code.allocateLocal(TypeKind.INT);
        region.blocks().stream()
                .filter(partings::isPartial)
                .forEach(block -> standing.put(block, code.allocateLocal(TypeKind.INT)));
    }

    /** Nobody stands anywhere: a strip begins. */
    void open() {
        runAll();
        standing.values().forEach(local -> code.iconst_0().istore(local));
    }

    void begin(FlowGraph.Block block) {
        parted = null;
        partial = null;
        Integer local = standing.get(block.index());
        if (local != null) {
            partial = block;
            code.iload(local).ifeq(next(block.index()));
            code.iload(local).istore(running).iconst_0().istore(local);
        } else if (!standing.isEmpty()) {
            runAll();
        }
    }

    void runAll() {
        code.loadConstant(all).istore(running);
    }

    /** Whether the block at hand is run by some threads only. */
    boolean isPartial() {
        return partial != null;
    }

    /** Whether what the block at hand writes to a register leaves other threads' values as they were. */
    boolean isMerged(int register) {
        return partial != null && partings.merged().get(register);
    }

    /** Goes elsewhere if not all threads run the block at hand. */
    void jumpUnlessAll(Label elsewhere) {
        code.iload(running).loadConstant(all).if_icmpne(elsewhere);
    }

    /** Pushes the threads that run the block at hand, as bits. */
    void pushRunning() {
        code.iload(running);
    }

    /** Some take the branch: those whose predicate is set, as its register has the bits. */
    void part(Instruction branch, int from) {
        Instruction.Guard guard = branch.guard();
        if (guard == null) {
            throw new IllegalStateException(branch.written());
        }
        int taken = code.allocateLocal(TypeKind.INT);
        int target = graph.target(branch);
        pushAll();
        code.iload(e.slot(guard.register()));
        if (guard.negated()) {
            code.iconst_m1().ixor();
        }
        code.iand().istore(taken);
        send(target, () -> code.iload(taken));
        send(from + 1, () -> {
            pushAll();
            code.iload(taken).ixor();
        });
        if (target <= from) {
            Label none = code.newLabel();
            code.iload(taken).ifeq(none);
            e.poll();
            code.goto_(labels.apply(target)).labelBinding(none);
        }
        code.goto_(next(from));
        parted = branch;
    }

    /** All that are here go on to a block; false where that takes no more than a jump. */
    boolean leave(int from, int to) {
        if (parted != null) {
            return true;
        }
        if (partial == null && !standing.containsKey(to)) {
            return false;
        }
        send(to, this::pushAll);
        if (to <= from) {
            e.poll();
            code.goto_(labels.apply(to));
        } else {
            code.goto_(partial == null ? labels.apply(to) : next(from));
        }
        return true;
    }

    private Label next(int block) {
        return labels.apply(partings.next(block, standing::containsKey));
    }

    private void pushAll() {
        if (partial == null) {
            code.loadConstant(all);
        } else {
            pushRunning();
        }
    }

    /** Where all meet again, nobody needs to be counted. */
    private void send(int to, Runnable who) {
        Integer local = standing.get(to);
        if (local != null) {
            who.run();
            code.iload(local).ior().istore(local);
        }
    }
}
