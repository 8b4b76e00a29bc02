package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.v4vgpu.device.ptx.runtime.GlobalAccess;
import org.v4vgpu.device.ptx.runtime.Traps;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Type;

/** Blocks of instructions to bytecode: guards, branches and, by family, everything else. What ends a thread is its caller's affair. */
final class BodyEmitter {
    private static final Set<String> FLOATING = Set.of(
            "add",
            "sub",
            "mul",
            "mad",
            "fma",
            "div",
            "neg",
            "abs",
            "min",
            "max",
            "rcp",
            "sqrt",
            "rsqrt",
            "sin",
            "cos",
            "ex2",
            "lg2",
            "tanh",
            "copysign",
            "testp");

    /** How control leaves the blocks of a method. Each emits code that does not fall through. */
    interface Exits {
        void end(Instruction at);

        void synchronize(FlowGraph.Block block, Instruction at);

        /** A block begins. */
        default void begin(FlowGraph.Block block) {}

        /** Leaves for a block of another method, or answers false where the block is in this one. */
        boolean leave(int from, int to);
    }

    /** How instructions are done that merely compute. */
    interface Manner {
        /**
         * Emits an instruction.
         *
         * @param plain emits what does it for one thread
         */
        void emit(Instruction i, Runnable plain);

        /** Whether {@link #emit} heeds the guard, too. */
        default boolean isGuarding(Instruction i) {
            return false;
        }
    }

    private final Emitter e;
    private final CodeBuilder code;
    private final FlowGraph graph;
    private final Exits exits;
    private final Manner manner;
    private final Map<Integer, Label> labels = new HashMap<>();
    private final Set<Instruction> ahead = Collections.newSetFromMap(new IdentityHashMap<>());

    BodyEmitter(Emitter e, FlowGraph graph, Exits exits) {
        this(e, graph, exits, (_, plain) -> plain.run());
    }

    BodyEmitter(Emitter e, FlowGraph graph, Exits exits, Manner manner) {
        this.manner = manner;
        this.e = e;
        this.code = e.code;
        this.graph = graph;
        this.exits = exits;
    }

    Label label(int block) {
        return labels.computeIfAbsent(block, _ -> code.newLabel());
    }

    /** Emits instructions, by the code for one thread, that {@link #emit} then leaves out. */
    void emitAhead(List<Instruction> instructions) {
        for (Instruction i : instructions) {
            code.lineNumber(e.kernel.lines.of(i.line()));
            perform(graph.blocks().getFirst(), i);
            ahead.add(i);
        }
    }

    void emit(BitSet blocks) {
        for (int index = blocks.nextSetBit(0); index >= 0; index = blocks.nextSetBit(index + 1)) {
            FlowGraph.Block block = graph.blocks().get(index);
            code.labelBinding(label(index));
            exits.begin(block);
            for (Instruction instruction : block.instructions()) {
                if (!ahead.contains(instruction)) {
                    emit(block, instruction);
                }
            }
            Instruction last = block.last();
            boolean falls = last == null || (!FlowGraph.isFinal(last) && block.mayPass());
            if (falls && !exits.leave(index, index + 1) && blocks.nextSetBit(index + 1) != index + 1) {
                code.goto_(label(index + 1));
            }
        }
    }

    private void emit(FlowGraph.Block block, Instruction i) {
        code.lineNumber(e.kernel.lines.of(i.line()));
        Label skip = null;
        Instruction.Guard guard = i.guard();
        if (guard != null && !manner.isGuarding(i)) {
            skip = code.newLabel();
            code.iload(e.slot(guard.register()));
            if (guard.negated()) {
                code.ifne(skip);
            } else {
                code.ifeq(skip);
            }
        }
        if (i.opcode().equals(FlowGraph.SPIN)) {
            skip = code.newLabel();
            code.aload(e.block)
                    .invokevirtual(Emitter.BLOCK, "yields", MethodTypeDesc.of(ConstantDescs.CD_boolean))
                    .ifeq(skip);
        }
        if (block.sync() != null && FlowGraph.isSynchronizing(i)) {
            exits.synchronize(block, i);
        } else if (e.kernel.checked) {
            CheckEmitter.before(e, i);
            perform(block, i);
            CheckEmitter.after(e, i);
        } else {
            manner.emit(i, () -> perform(block, i));
        }
        if (skip != null) {
            code.labelBinding(skip);
        }
    }

    private void perform(FlowGraph.Block block, Instruction i) {
        switch (i.opcode()) {
            case "bra" -> branch(block, graph.target(i));
            case "brx" -> branchByIndex(block, i);
            case "ret", "exit" -> exits.end(i);
            case "trap", "brkpt" -> {
                e.call(Traps.class, "trap", MethodTypeDesc.of(Emitter.descriptor(RuntimeException.class)));
                code.athrow();
            }
            case "call" -> CallEmitter.emit(e, i);
            case "mov", "cvta", "isspacep" -> MoveEmitter.emit(e, i);
            case "ld", "ldu", "st" -> MemoryEmitter.emit(e, i);
            case "atom", "red" -> AtomicEmitter.emit(e, i);
            case "cvt" -> ConvertEmitter.emit(e, i);
            case "setp", "set", "selp", "slct" -> CompareEmitter.emit(e, i);
            case "popc", "clz", "brev", "bfind", "bfe", "bfi", "prmt" -> BitEmitter.emit(e, i);
            case "membar", "fence" -> e.call(GlobalAccess.class, "fence", MethodTypeDesc.of(ConstantDescs.CD_void));
            case "prefetch", "prefetchu", "discard", "applypriority", "pmevent", "griddepcontrol" -> code.nop();
            case "createpolicy.fractional", "createpolicy.range", "createpolicy.cvt" -> {
                // What caches keep changes no result; a policy has no other use.
                e.code.lconst_0();
                e.pop(i, i.operand(0), Type.B64);
            }
            case "cp.async",
                    "cp.async.commit_group",
                    "cp.async.wait_group",
                    "cp.async.wait_all",
                    "cp.async.mbarrier",
                    "mbarrier.init",
                    "mbarrier.inval",
                    "mbarrier.arrive",
                    "mbarrier.arrive_drop",
                    "mbarrier.expect_tx",
                    "mbarrier.complete_tx",
                    "mbarrier.test_wait",
                    "mbarrier.try_wait",
                    "mbarrier.pending_count" -> AsyncEmitter.emit(e, i);
            case "nanosleep" -> e.poll();
            default -> {
                if (VideoEmitter.handles(i)) {
                    VideoEmitter.emit(e, i);
                } else if (i.type().isHalf()) {
                    HalfEmitter.emit(e, i);
                } else if (i.type() == Type.U16X2 || i.type() == Type.S16X2) {
                    IntegerEmitter.packed(e, i);
                } else if (FLOATING.contains(i.opcode()) && i.type().isFloat()) {
                    FloatEmitter.emit(e, i);
                } else {
                    IntegerEmitter.emit(e, i);
                }
            }
        }
    }

    private void branchByIndex(FlowGraph.Block from, Instruction i) {
        List<Integer> targets = graph.targets(i);
        List<SwitchCase> cases = new ArrayList<>();
        for (int n = 0; n < targets.size(); n++) {
            cases.add(SwitchCase.of(n, code.newLabel()));
        }
        Label outside = code.newLabel();
        e.push(i, 0, Type.U32);
        code.tableswitch(outside, cases);
        for (int n = 0; n < targets.size(); n++) {
            code.labelBinding(cases.get(n).target());
            branch(from, targets.get(n));
        }
        code.labelBinding(outside);
        e.call(Traps.class, "branchOutside", MethodTypeDesc.of(Emitter.descriptor(RuntimeException.class)));
        code.athrow();
    }

    private void branch(FlowGraph.Block from, int to) {
        if (exits.leave(from.index(), to)) {
            return;
        }
        if (to <= from.index()) {
            e.poll();
        }
        code.goto_(label(to));
    }
}
