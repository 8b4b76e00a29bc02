package org.v4vgpu.device.ptx.compiler;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;

/**
 * Finds the registers that hold the same value in all threads of a block whenever these wait at a barrier: what is computed from
 * parameters, constants and block coordinates, and assigned only where no branch has parted the threads. They are kept once per block
 * instead of once per thread. Holds for kernels whose only synchronising instructions are barriers of the whole block.
 */
final class Uniformity {
    private final Function function;
    private final CompileBudget budget;
    private final List<FlowGraph.Block> blocks;
    private final BitSet varying = new BitSet();
    private final BitSet parted = new BitSet();
    private final BitSet waitsLater;
    private final BitSet[] inevitable;

    private Uniformity(Function function, FlowGraph graph, CompileBudget budget) {
        this.function = function;
        this.budget = budget;
        this.blocks = graph.blocks();
        this.waitsLater = waitsLater();
        this.inevitable = InevitableBlocks.of(function, graph, budget);
    }

    /** The registers that differ between threads. */
    static BitSet varying(Function function, FlowGraph graph, CompileBudget budget) {
        Uniformity uniformity = new Uniformity(function, graph, budget);
        // Registers that are read before they are written have no common value.
        uniformity.varying.or(graph.liveIn(0));
        boolean changed = true;
        while (changed) {
            changed = uniformity.step();
        }
        if (uniformity.waitsWhereParted()) {
            uniformity.varying.set(0, function.registers().size());
        }
        return uniformity.varying;
    }

    private boolean step() {
        int before = varying.cardinality() + parted.cardinality();
        for (FlowGraph.Block block : blocks) {
            for (Instruction instruction : block.instructions()) {
                boolean differs = parted.get(block.index()) || isVarying(instruction);
                if (differs) {
                    instruction.definitions().forEach(varying::set);
                }
            }
            boolean branches = block.successors().size() > 1
                    || (block.sync() != null && block.sync().guard() != null);
            Instruction last = block.last();
            if (branches && last != null && isVaryingBranch(last)) {
                part(block);
            }
        }
        return varying.cardinality() + parted.cardinality() != before;
    }

    private boolean isVaryingBranch(Instruction last) {
        return (last.guard() != null && varying.get(last.guard().register()))
                || (last.opcode().equals("brx") && last.uses().stream().anyMatch(varying::get));
    }

    private boolean isVarying(Instruction instruction) {
        switch (instruction.opcode()) {
            case "ld",
                    "ldu",
                    "atom",
                    "call",
                    "bar.red",
                    "mbarrier.arrive",
                    "mbarrier.arrive_drop",
                    "mbarrier.test_wait",
                    "mbarrier.try_wait" -> {
                if (!instruction.has("param")) {
                    return true;
                }
            }
            default -> {}
        }
        for (Operand operand : instruction.operands()) {
            if (operand instanceof Operand.Special special && !isOfBlock(special.name())) {
                return true;
            }
        }
        return instruction.uses().stream().anyMatch(varying::get);
    }

    /** Whether some threads may wait where others do not: then they are not at the same place when a barrier lets them go. */
    private boolean waitsWhereParted() {
        for (FlowGraph.Block block : blocks) {
            Instruction sync = block.sync();
            if (sync != null
                    && (parted.get(block.index())
                            || (sync.guard() != null && varying.get(sync.guard().register())))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isOfBlock(String special) {
        return special.startsWith("%ntid") || special.startsWith("%ctaid") || special.startsWith("%nctaid");
    }

    /** Marks what lies between a branch that parts the threads and the place where all meet again. */
    private void part(FlowGraph.Block branch) {
        budget.requireTime(function);
        List<Integer> successors =
                branch.successors().stream().filter(waitsLater::get).toList();
        if (successors.size() < 2 && (branch.sync() == null)) {
            return; // The others end without waiting again: those that stay agree.
        }
        Deque<Integer> open = new ArrayDeque<>(FlowGraph.successorsInTime(branch));
        BitSet seen = new BitSet();
        while (!open.isEmpty()) {
            int block = open.pop();
            if (seen.get(block) || (block != branch.index() && inevitable[branch.index()].get(block))) {
                continue;
            }
            seen.set(block);
            parted.set(block);
            open.addAll(FlowGraph.successorsInTime(blocks.get(block)));
        }
    }

    /** The blocks from which a synchronising instruction can be reached. */
    private BitSet waitsLater() {
        BitSet found = new BitSet();
        boolean changed = true;
        while (changed) {
            changed = false;
            for (FlowGraph.Block block : blocks.reversed()) {
                boolean waits = block.sync() != null
                        || FlowGraph.successorsInTime(block).stream().anyMatch(found::get);
                if (waits && !found.get(block.index())) {
                    found.set(block.index());
                    changed = true;
                }
            }
        }
        return found;
    }
}
