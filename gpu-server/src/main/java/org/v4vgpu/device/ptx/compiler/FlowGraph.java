package org.v4vgpu.device.ptx.compiler;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Statement;

/** A function as basic blocks, with the registers that live at their starts. Blocks end at branches and synchronising instructions, long ones before. */
public final class FlowGraph {
    /** Stands before volatile accesses of shared memory: the lanes of a warp wait for each other, as warp-synchronous code expects. */
    static final String LOCKSTEP = "lockstep";

    /** Stands at the head of a loop that waits for other threads: now and then a thread stops there and lets them run. */
    static final String SPIN = "spin";

    /** Blocks times registers, and that times the rounds until nothing changes: bounds of memory and time. */
    private static final long MOST_LIVENESS_BITS = 1L << 28;

    private static final long MOST_LIVENESS_WORK = 1L << 36;

    /** Ways from a block to another, together: a table of targets can be named by many branches. */
    private static final int MOST_WAYS = 1 << 20;

    /** Instructions of a kernel that may have to be cut into methods: that is done between blocks, so that these must not be long. */
    private static final int MOST_UNCUT = 600;

    private static final int LONGEST_BLOCK = 90;

    private static final Set<String> SYNCHRONIZING = Set.of(
            "bar",
            "bar.red",
            "bar.warp",
            "shfl",
            "vote",
            "match",
            "redux",
            "activemask",
            "elect",
            "ldmatrix",
            "stmatrix",
            "movmatrix",
            "mma",
            "wmma.load",
            "wmma.store",
            "wmma.mma",
            LOCKSTEP,
            SPIN);
    private static final Set<String> ENDING = Set.of("bra", "brx", "ret", "exit", "trap");

    /** A basic block; {@code successors} are those that the thread reaches without waiting. */
    record Block(
            int index,
            List<Instruction> instructions,
            List<Integer> successors,
            @Nullable Instruction sync) {
        /** Whether a thread may go on behind the block without waiting. */
        boolean mayPass() {
            return sync == null || sync.guard() != null || sync.opcode().equals(SPIN);
        }

        @Nullable
        Instruction last() {
            return instructions.isEmpty() ? null : instructions.getLast();
        }
    }

    /** What warps synchronize by is all but these. */
    private static final Set<String> OF_BLOCK = Set.of("bar", "bar.red", SPIN);

    private final Function function;

    /** Whether the lanes of a warp run as one, so that they never wait for each other. */
    private final boolean joined;

    private final List<Block> blocks = new ArrayList<>();
    private final Map<String, Integer> labels = new HashMap<>();
    private final Map<Integer, String> heads = new HashMap<>();
    private BitSet[] liveIn = new BitSet[0];
    private int ways;

    private FlowGraph(Function function, boolean joined) {
        this.function = function;
        this.joined = joined;
    }

    static FlowGraph of(Function function) {
        return of(function, false);
    }

    /** The same blocks, by number, where the lanes of a warp run as one: what warps synchronize by is passed. */
    static FlowGraph ofWarps(Function function) {
        return of(function, true);
    }

    private static FlowGraph of(Function function, boolean joined) {
        FlowGraph graph = new FlowGraph(function, joined);
        graph.cut();
        graph.connect();
        graph.findLive();
        return graph;
    }

    /** The blocks and their successors alone: nothing lives. */
    static FlowGraph shape(Function function) {
        FlowGraph graph = new FlowGraph(function, false);
        graph.cut();
        graph.connect();
        return graph;
    }

    /** Whether a thread waits for others at it. */
    public static boolean isSynchronizing(Instruction instruction) {
        return SYNCHRONIZING.contains(instruction.opcode());
    }

    /** Whether the lanes of a warp run as one. */
    boolean isOfWarps() {
        return joined;
    }

    List<Block> blocks() {
        return blocks;
    }

    BitSet liveIn(int block) {
        return liveIn[block];
    }

    /** From blocks to blocks, together. */
    int ways() {
        return ways;
    }

    int registers() {
        return function.registers().size();
    }

    /** The label that branches to a block name, or the empty word. */
    String label(int block) {
        return heads.getOrDefault(block, "");
    }

    int target(Instruction branch) {
        Operand operand = branch.operand(0);
        return target(branch, operand instanceof Operand.Symbol symbol ? symbol.name() : "");
    }

    /** The blocks to which brx.idx branches, by index. */
    List<Integer> targets(Instruction branch) {
        List<Integer> found = new ArrayList<>();
        if (branch.operand(1) instanceof Operand.Targets table) {
            for (String name : table.names()) {
                found.add(target(branch, name));
            }
        }
        if (found.isEmpty()) {
            throw new PtxErrors.Refusal(branch.line(), branch.written() + ": no such .branchtargets");
        }
        return found;
    }

    private int target(Instruction branch, String label) {
        Integer block = labels.get(label);
        if (block == null) {
            throw new PtxErrors.Refusal(
                    branch.line(), branch.written() + ": " + (label.isEmpty() ? "" : label + ": ") + "no such label");
        }
        return block;
    }

    /** Whether control never falls through the end of a block. */
    static boolean isFinal(Instruction instruction) {
        return ENDING.contains(instruction.opcode()) && instruction.guard() == null;
    }

    private void cut() {
        Set<String> targets = new HashSet<>();
        for (Statement statement : function.body()) {
            if (statement instanceof Instruction branch
                    && branch.opcode().equals("bra")
                    && branch.operand(0) instanceof Operand.Symbol symbol) {
                targets.add(symbol.name());
            } else if (statement instanceof Instruction branch
                    && branch.opcode().equals("brx")
                    && branch.operand(1) instanceof Operand.Targets table) {
                targets.addAll(table.names());
            }
        }
        int longest = function.entry() && function.body().size() > MOST_UNCUT ? LONGEST_BLOCK : Integer.MAX_VALUE;
        List<Instruction> current = new ArrayList<>();
        for (Statement statement : function.body()) {
            if (current.size() >= longest) {
                close(current, null);
                current = new ArrayList<>();
            }
            switch (statement) {
                case Statement.Label label -> {
                    if (targets.contains(label.name())) {
                        close(current, null);
                        current = new ArrayList<>();
                        heads.put(blocks.size(), label.name());
                    }
                    if (labels.put(label.name(), blocks.size()) != null) {
                        throw new PtxErrors.Refusal(label.line(), label.name() + ": label defined twice");
                    }
                }
                case Instruction instruction -> {
                    if (function.entry() && isVolatileShared(instruction)) {
                        current.add(lockstep(instruction));
                        close(current, current.getLast());
                        current = new ArrayList<>();
                    }
                    current.add(instruction);
                    if (isSynchronizing(instruction)) {
                        close(current, instruction);
                        current = new ArrayList<>();
                    } else if (ENDING.contains(instruction.opcode())) {
                        close(current, null);
                        current = new ArrayList<>();
                    }
                }
            }
        }
        // Control that falls off the end returns.
        current.add(new Instruction(null, "ret", List.of(), List.of(), List.of(), "ret", function.line(), -1));
        close(current, null);
    }

    private void close(List<Instruction> instructions, @Nullable Instruction sync) {
        boolean waits = sync != null && !(joined && !OF_BLOCK.contains(sync.opcode()));
        blocks.add(new Block(blocks.size(), instructions, new ArrayList<>(), waits ? sync : null));
    }

    static boolean isVolatileShared(Instruction instruction) {
        return instruction.has("volatile") && instruction.space() == Space.SHARED;
    }

    private static Instruction lockstep(Instruction before) {
        return new Instruction(null, LOCKSTEP, List.of(), List.of(), List.of(), before.written(), before.line(), -1);
    }

    private void connect() {
        for (Block block : blocks) {
            Instruction last = block.last();
            if (last != null && last.opcode().equals("bra")) {
                block.successors.add(target(last));
            } else if (last != null && last.opcode().equals("brx")) {
                targets(last).stream().distinct().forEach(block.successors::add);
            }
            if ((last == null || !isFinal(last)) && block.mayPass()) {
                block.successors.add(block.index + 1);
            }
            ways += block.successors.size();
            if (ways > MOST_WAYS) {
                throw tangled();
            }
        }
    }

    private PtxErrors.Refusal tangled() {
        return new PtxErrors.Refusal(
                function.line(), function.name() + ": unsupported: its control flow is too tangled");
    }

    private void findLive() {
        int count = blocks.size();
        long cost = (long) count * (function.registers().size() + Long.SIZE);
        if (cost > MOST_LIVENESS_BITS) {
            throw new PtxErrors.Refusal(
                    function.line(),
                    function.name() + ": unsupported: too large, " + count + " basic blocks with "
                            + function.registers().size() + " registers");
        }
        liveIn = new BitSet[count];
        BitSet[] uses = new BitSet[count];
        BitSet[] kills = new BitSet[count];
        for (Block block : blocks) {
            liveIn[block.index] = new BitSet();
            BitSet used = new BitSet();
            BitSet killed = new BitSet();
            for (Instruction instruction : block.instructions) {
                for (int register : instruction.uses()) {
                    if (!killed.get(register)) {
                        used.set(register);
                    }
                }
                if (instruction.opcode().equals("ret")) {
                    for (int register : function.resultRegisters()) {
                        if (!killed.get(register)) {
                            used.set(register);
                        }
                    }
                }
                if (instruction.guard() == null) {
                    instruction.definitions().forEach(killed::set);
                }
            }
            uses[block.index] = used;
            kills[block.index] = killed;
        }
        boolean changed = true;
        for (long spent = 0; changed; spent += cost / count * (count + ways)) {
            if (spent > MOST_LIVENESS_WORK) {
                throw tangled();
            }
            changed = false;
            for (int i = count - 1; i >= 0; i--) {
                BitSet live = new BitSet();
                for (int successor : successorsInTime(blocks.get(i))) {
                    live.or(liveIn[successor]);
                }
                live.andNot(kills[i]);
                live.or(uses[i]);
                if (!live.equals(liveIn[i])) {
                    liveIn[i] = live;
                    changed = true;
                }
            }
        }
    }

    /** All successors, also those behind a wait. */
    static List<Integer> successorsInTime(Block block) {
        if (block.mayPass()) {
            return block.successors;
        }
        return List.of(block.index + 1);
    }
}
