package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.v4vgpu.device.ptx.runtime.CompiledKernel;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * A region as a static method with the loop over threads inside:
 *
 * <pre>
 *   for (t = from; t &lt; to; t++) {
 *       if (pc[t] != expected) continue;
 *       load the registers that live here;  run;  store those that changed;  pc[t] = next;
 *   }
 * </pre>
 */
final class RegionEmitter implements BodyEmitter.Exits {
    /** (block, from, to, expected, entry) to the common program counter. */
    static final MethodTypeDesc TYPE = MethodTypeDesc.of(
            ConstantDescs.CD_int,
            Emitter.BLOCK,
            ConstantDescs.CD_int,
            ConstantDescs.CD_int,
            ConstantDescs.CD_int,
            ConstantDescs.CD_int);

    private static final int BLOCK = 0;
    private static final int FROM = 1;
    private static final int TO = 2;
    private static final int EXPECTED = 3;
    private static final int ENTRY = 4;
    private static final int NONE = Integer.MIN_VALUE + 1;
    private static final ClassDesc INT_ROWS = Emitter.INTS.arrayType();

    /** The three locals of a register that the block shares: as it was, and as it will be. */
    private record Uniform(int in, int out) {}

    private final CodeBuilder code;
    private final Emitter e;
    private final FlowGraph graph;
    private final Regions regions;
    private final Regions.Region region;
    private final SpillRows rows;
    private final BodyEmitter body;
    private final DirtyRegisters dirty;

    private final int localStride;
    private final int state;
    private final int next;
    private final int pc;
    private final Label threadEnd;
    private final Map<Integer, Integer> rowSlots = new HashMap<>();
    private final Map<Integer, Uniform> uniforms = new TreeMap<>();
    private final int[] operandSlots = new int[4];
    private final int[] resultSlots = new int[2];

    private RegionEmitter(
            CodeBuilder code,
            Function function,
            KernelContext kernel,
            FlowGraph graph,
            Regions regions,
            Regions.Region region,
            SpillRows rows) {
        this.code = code;
        this.graph = graph;
        this.regions = regions;
        this.region = region;
        this.rows = rows;
        int thread = code.allocateLocal(TypeKind.INT);
        int localBase = code.allocateLocal(TypeKind.INT);
        code.iconst_0().istore(localBase);
        this.e = new Emitter(code, function, kernel.frame(function), kernel, BLOCK, thread, localBase, -1);
        this.body = new BodyEmitter(e, graph, this);
        this.dirty = DirtyRegisters.of(function, graph, region);
        this.localStride = e.field("localStride", ConstantDescs.CD_int);
        this.pc = e.field("pc", Emitter.INTS);
        this.state = code.allocateLocal(TypeKind.INT);
        this.next = code.allocateLocal(TypeKind.INT);
        this.threadEnd = code.newLabel();
    }

    static void emit(
            CodeBuilder code,
            Function function,
            KernelContext kernel,
            FlowGraph graph,
            Regions regions,
            Regions.Region region,
            SpillRows rows) {
        new RegionEmitter(code, function, kernel, graph, regions, region, rows).emit();
    }

    private void emit() {
        code.loadConstant(NONE)
                .istore(state)
                .loadConstant(CompiledKernel.EXITED)
                .istore(next);
        openRows();
        Label top = code.newLabel();
        Label nextThread = code.newLabel();
        Label end = code.newLabel();
        Label tryStart = code.newLabel();
        Label tryEnd = code.newLabel();
        Label handler = code.newLabel();
        code.iload(FROM).istore(e.thread);
        code.labelBinding(tryStart).labelBinding(top);
        code.iload(e.thread).iload(TO).if_icmpge(end);
        if (regions.isSynchronizing()) {
            code.aload(pc).iload(e.thread).iaload().iload(EXPECTED).if_icmpne(nextThread);
        }
        code.iload(e.thread).iload(localStride).imul().istore(e.localBase);
        enter();
        body.emit(region.blocks());
        code.labelBinding(threadEnd);
        if (regions.isSynchronizing()) {
            code.aload(pc).iload(e.thread).iload(next).iastore();
            noteState();
        }
        code.labelBinding(nextThread).iinc(e.thread, 1).goto_(top);
        code.labelBinding(tryEnd).labelBinding(end);
        closeUniforms();
        Label some = code.newLabel();
        code.iload(state).loadConstant(NONE).if_icmpne(some);
        code.loadConstant(CompiledKernel.MIXED).ireturn();
        code.labelBinding(some).iload(state).ireturn();
        code.labelBinding(handler);
        code.aload(BLOCK).iload(e.thread).putfield(Emitter.BLOCK, "faultThread", ConstantDescs.CD_int);
        code.athrow();
        code.exceptionCatchAll(tryStart, tryEnd, handler);
    }

    /** state = state == NONE || state == next ? next : MIXED. */
    private void noteState() {
        Label same = code.newLabel();
        Label first = code.newLabel();
        code.iload(state).iload(next).if_icmpeq(same);
        code.iload(state).loadConstant(NONE).if_icmpeq(first);
        code.loadConstant(CompiledKernel.MIXED).istore(state).goto_(same);
        code.labelBinding(first).iload(next).istore(state);
        code.labelBinding(same);
    }

    // What threads keep

    private void openRows() {
        if (!regions.isSynchronizing()) {
            return;
        }
        BitSet kept = new BitSet();
        for (Regions.Continuation entry : region.entries()) {
            keep(entry, kept);
        }
        for (int block : region.blocks().stream().toArray()) {
            FlowGraph.Block here = graph.blocks().get(block);
            if (here.sync() != null) {
                keep(regions.after(here), kept);
            }
            for (int successor : here.successors()) {
                Regions.Continuation crossing = regions.between(block, successor);
                if (crossing != null) {
                    keep(crossing, kept);
                }
            }
        }
        kept.stream().forEach(register -> {
            if (regions.varying().get(register)) {
                rowSlots.put(register, openRow(register));
            } else {
                openUniform(register);
            }
        });
        for (int i = 0; i < operandSlots.length; i++) {
            operandSlots[i] = openRow("operands", INT_ROWS, i);
        }
        for (int i = 0; i < resultSlots.length; i++) {
            resultSlots[i] = openRow("results", INT_ROWS, i);
        }
    }

    private void keep(Regions.Continuation continuation, BitSet kept) {
        if (continuation.id() == 0) {
            return;
        }
        BitSet live = (BitSet) graph.liveIn(continuation.block()).clone();
        if (continuation.sync() != null) {
            continuation.sync().definitions().forEach(live::clear);
        }
        kept.or(live);
    }

    private int openRow(int register) {
        TypeKind kind = e.kind(register);
        String field = switch (kind) {
            case LONG -> "longs";
            case FLOAT -> "floats";
            case DOUBLE -> "doubles";
            default -> "ints";
        };
        return openRow(field, kind.upperBound().arrayType(2), rows.row(register));
    }

    private int openRow(String field, ClassDesc type, int row) {
        int slot = code.allocateLocal(TypeKind.REFERENCE);
        code.aload(BLOCK)
                .getfield(Emitter.BLOCK, field, type)
                .loadConstant(row)
                .aaload()
                .astore(slot);
        return slot;
    }

    private void openUniform(int register) {
        TypeKind kind = e.kind(register);
        Uniform uniform = new Uniform(code.allocateLocal(kind), code.allocateLocal(kind));
        uniforms.put(register, uniform);
        openUniform(register, "uniformIn", uniform.in);
        openUniform(register, "uniformOut", uniform.out);
    }

    private void openUniform(int register, String field, int slot) {
        code.aload(BLOCK)
                .getfield(Emitter.BLOCK, field, ConstantDescs.CD_long.arrayType())
                .loadConstant(rows.row(register))
                .laload();
        TypeKind kind = e.kind(register);
        if (!Emitter.isLong(kind)) {
            code.l2i();
            e.bits(TypeKind.INT, kind);
        } else {
            e.bits(TypeKind.LONG, kind);
        }
        code.storeLocal(kind, slot);
    }

    private void closeUniforms() {
        uniforms.forEach((register, uniform) -> {
            TypeKind kind = e.kind(register);
            code.aload(BLOCK)
                    .getfield(Emitter.BLOCK, "uniformOut", ConstantDescs.CD_long.arrayType())
                    .loadConstant(rows.row(register))
                    .loadLocal(kind, uniform.out);
            if (Emitter.isLong(kind)) {
                e.bits(kind, TypeKind.LONG);
            } else {
                e.bits(kind, TypeKind.INT);
                code.i2l();
            }
            code.lastore();
        });
    }

    // Entering

    private void enter() {
        if (region.entries().size() == 1) {
            enter(region.entries().getFirst());
            return;
        }
        List<SwitchCase> cases = region.entries().stream()
                .map(entry -> SwitchCase.of(entry.id(), code.newLabel()))
                .toList();
        code.iload(ENTRY)
                .lookupswitch(cases.isEmpty() ? threadEnd : cases.getFirst().target(), cases);
        for (int i = 0; i < cases.size(); i++) {
            code.labelBinding(cases.get(i).target());
            enter(region.entries().get(i));
        }
    }

    private void enter(Regions.Continuation entry) {
        BitSet live = graph.liveIn(entry.block());
        Instruction sync = entry.sync();
        for (int register = live.nextSetBit(0); register >= 0; register = live.nextSetBit(register + 1)) {
            if (entry.id() == 0) {
                e.zero(register);
            } else if (sync != null && sync.definitions().contains(register)) {
                takeResult(sync, register);
            } else {
                TypeKind kind = e.kind(register);
                Uniform uniform = uniforms.get(register);
                if (uniform != null) {
                    code.loadLocal(kind, uniform.in);
                } else {
                    code.aload(row(register)).iload(e.thread).arrayLoad(kind);
                }
                code.storeLocal(kind, e.slot(register));
            }
        }
        code.goto_(body.label(entry.block()));
    }

    private int row(int register) {
        Integer slot = rowSlots.get(register);
        if (slot == null) {
            throw new IllegalStateException("register " + register + " has no row");
        }
        return slot;
    }

    private void takeResult(Instruction sync, int register) {
        int which = SyncOperands.resultIndex(sync, register);
        TypeKind kind = e.kind(register);
        boolean wide = Emitter.isLong(kind);
        if (wide != (MatrixOperations.is(sync) && sync.type() == Type.F64)
                || e.type(register).bits() == 16) {
            throw e.refusal(sync, "register of the wrong width");
        }
        if (wide) {
            pushResult(2 * which + 1);
            code.i2l().loadConstant(32).lshl();
            pushResult(2 * which);
            code.i2l().loadConstant(0xFFFF_FFFFL).land().lor();
            e.bits(TypeKind.LONG, kind);
        } else {
            pushResult(which);
            e.bits(TypeKind.INT, kind);
        }
        code.storeLocal(kind, e.slot(register));
    }

    private void pushResult(int row) {
        pushRow("results", resultSlots, row);
        code.iload(e.thread).iaload();
    }

    /** Rows beyond those that every region opens are looked up where they are used. */
    private void pushRow(String field, int[] open, int row) {
        if (row < open.length) {
            code.aload(open[row]);
        } else {
            code.aload(BLOCK)
                    .getfield(Emitter.BLOCK, field, INT_ROWS)
                    .loadConstant(row)
                    .aaload();
        }
    }

    // Leaving

    @Override
    public void end(Instruction at) {
        leave(CompiledKernel.EXITED);
    }

    @Override
    public void synchronize(FlowGraph.Block block, Instruction at) {
        storeOperands(at);
        Regions.Continuation after = regions.after(block);
        store(after, dirty.atEnd(block.index()));
        leave(~after.id());
    }

    @Override
    public boolean leave(int from, int to) {
        Regions.Continuation crossing = regions.between(from, to);
        if (crossing == null) {
            return false;
        }
        store(crossing, dirty.atEnd(from));
        leave(crossing.id());
        return true;
    }

    private void leave(int counter) {
        code.loadConstant(counter).istore(next).goto_(threadEnd);
    }

    private void store(Regions.Continuation continuation, BitSet changed) {
        BitSet live = (BitSet) graph.liveIn(continuation.block()).clone();
        if (continuation.sync() != null) {
            continuation.sync().definitions().forEach(live::clear);
        }
        live.and(changed);
        for (int register = live.nextSetBit(0); register >= 0; register = live.nextSetBit(register + 1)) {
            TypeKind kind = e.kind(register);
            Uniform uniform = uniforms.get(register);
            if (uniform != null) {
                code.loadLocal(kind, e.slot(register)).storeLocal(kind, uniform.out);
            } else {
                code.aload(row(register))
                        .iload(e.thread)
                        .loadLocal(kind, e.slot(register))
                        .arrayStore(kind);
            }
        }
    }

    private void storeOperands(Instruction at) {
        SyncOperands.of(e, at).forEach((row, push) -> {
            pushRow("operands", operandSlots, row);
            code.iload(e.thread);
            push.run();
            code.iastore();
        });
    }
}
