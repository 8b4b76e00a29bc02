package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.v4vgpu.device.ptx.runtime.CompiledKernel;
import org.v4vgpu.device.ptx.runtime.KernelFault;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;

/**
 * A region as a static method with a loop over strips inside, each of which runs as one thread with vectors:
 *
 * <pre>
 *   do for (t = from; t &lt; to; t += threads) {
 *       if (pc[t] != expected) continue;
 *       load what lives here, as vectors what varies;  run;  store what changed;  pc[t .. t + threads - 1] = next;  continue;
 *       giveUp: scalar.run(entry, block, t, t + threads, expected), or, of a warp, pc[t .. t + 31] = entry;
 *   }
 * </pre>
 *
 * Where the region is also there in the form whose threads part by place, a strip that gives up runs that instead, and so do those behind it.
 */
final class StripRegionEmitter implements BodyEmitter.Exits {
    /** (code for single threads, block, from, to, expected, entry) to the common program counter. */
    static final MethodTypeDesc TYPE = MethodTypeDesc.of(
            ConstantDescs.CD_int,
            Emitter.descriptor(CompiledKernel.class),
            Emitter.BLOCK,
            ConstantDescs.CD_int,
            ConstantDescs.CD_int,
            ConstantDescs.CD_int,
            ConstantDescs.CD_int);

    static final MethodTypeDesc RUN = MethodTypeDesc.of(
            ConstantDescs.CD_int,
            ConstantDescs.CD_int,
            Emitter.BLOCK,
            ConstantDescs.CD_int,
            ConstantDescs.CD_int,
            ConstantDescs.CD_int);

    private static final int SINGLE = 0;
    static final int BLOCK = 1;
    static final int FROM = 2;
    static final int TO = 3;
    static final int EXPECTED = 4;
    private static final int ENTRY = 5;
    private static final ClassDesc LONGS = ConstantDescs.CD_long.arrayType();

    private final CodeBuilder code;
    private final Emitter e;
    private final StripCompiler kernel;
    private final StripRegisters registers;
    private final StripMoves moves;
    private final StripRules rules;
    private final List<Instruction> invariants;
    private final StripMasks masks;
    private final Partings partings;
    private final StripLanes lanes;
    private final StripExchange exchange;

    /** The local with the first thread of the strip. */
    private final int strip;

    /** The local that tells whether a strip can no longer begin again, or -1. */
    private final int committed;

    private final FlowGraph graph;
    private final Shapes shapes;
    private final Regions regions;
    private final Regions.Region region;
    private final SpillRows rows;
    private final BodyEmitter body;
    private final DirtyRegisters dirty;
    private final StripCounters counters;
    private final int uniformOut;
    private final Label stripEnd;
    private final Label giveUp;
    private final Map<Integer, Integer> rowSlots = new TreeMap<>();
    private final Map<Integer, Integer> uniformSlots = new TreeMap<>();

    private StripRegionEmitter(CodeBuilder code, StripCompiler kernel, Regions.Region region) {
        this.code = code;
        this.kernel = kernel;
        this.graph = kernel.graph();
        this.shapes = kernel.shapes();
        this.partings = kernel.partings();
        this.regions = kernel.regions();
        this.rows = kernel.rows();
        this.region = region;
        Function function = kernel.function();
        int thread = code.allocateLocal(TypeKind.INT);
        int localBase = code.allocateLocal(TypeKind.INT);
        code.iconst_0().istore(localBase);
        this.e = new Emitter(
                code, function, kernel.context().frame(function), kernel.context(), BLOCK, thread, localBase, -1);
        this.stripEnd = code.newLabel();
        this.giveUp = code.newLabel();
        this.rules = kernel.rules();
        this.invariants = StripInvariants.of(graph, region, rules);
        StripCommits commits = rules.commits(region);
        this.committed = commits.isAny() ? code.allocateLocal(TypeKind.INT) : -1;
        AccessRuns runs = new AccessRuns(
                graph,
                region,
                kernel.rules(),
                commits,
                8 * regions.regions().indexOf(region) + kernel.firstSite(),
                kernel.threads());
        this.masks = new StripMasks(e, graph, region, kernel.partings(), this::label, kernel.threads());
        this.registers = new StripRegisters(e, shapes, masks, kernel.vectorBits(), kernel.threads());
        this.moves = new StripMoves(e, shapes, kernel.rules(), runs, registers, masks, giveUp);
        this.strip = code.allocateLocal(TypeKind.INT);
        this.lanes = new StripLanes(e, shapes, registers, masks, strip);
        this.exchange = new StripExchange(e, shapes, registers, masks, Constants.of(function, graph), giveUp);
        StripEmitter strips = new StripEmitter(
                e,
                shapes,
                kernel.rules(),
                registers,
                moves,
                lanes,
                masks,
                kernel.partings(),
                commits,
                committed,
                exchange,
                giveUp);
        this.body = new BodyEmitter(e, graph, this, strips);
        this.dirty = DirtyRegisters.of(function, graph, region);
        e.readAhead("tidX", Emitter.INTS);
        e.readAhead("tidY", Emitter.INTS);
        e.readAhead("ntidX", ConstantDescs.CD_int);
        e.readAhead("ntidY", ConstantDescs.CD_int);
        e.readAhead("ctaidY", ConstantDescs.CD_int);
        this.uniformOut = e.field("uniformOut", LONGS);
        this.counters = new StripCounters(e, registers, strip);
    }

    static void emit(CodeBuilder code, StripCompiler kernel, Regions.Region region) {
        new StripRegionEmitter(code, kernel, region).emit();
    }

    private void emit() {
        Label block = code.newLabel();
        Label top = code.newLabel();
        Label nextStrip = code.newLabel();
        Label end = code.newLabel();
        Label tryStart = code.newLabel();
        Label tryEnd = code.newLabel();
        Label handler = code.newLabel();
        open();
        moves.open();
        counters.open();
        List<Instruction> ofRow = StripInvariants.ofRow(invariants);
        body.emitAhead(ofRow);
        code.labelBinding(block);
        e.readAhead("ctaidX", ConstantDescs.CD_int);
        body.emitAhead(invariants.stream().filter(i -> !ofRow.contains(i)).toList());
        code.iload(FROM).istore(strip);
        code.labelBinding(top).iload(strip).iload(TO).if_icmpge(end);
        code.iload(strip).istore(e.thread);
        if (regions.isSynchronizing()) {
            counters.skip(nextStrip);
        }
        if (committed >= 0) {
            code.iconst_0().istore(committed);
            masks.runAll();
        }
        code.labelBinding(tryStart);
        enter(region.entries().getFirst());
        body.emit(region.blocks());
        code.labelBinding(tryEnd);
        code.labelBinding(stripEnd);
        if (regions.isSynchronizing()) {
            counters.write();
            counters.note(nextStrip);
        } else {
            code.goto_(nextStrip);
        }
        code.labelBinding(handler);
        if (committed >= 0) {
            rethrow();
        }
        code.pop().labelBinding(giveUp);
        giveUp(nextStrip, end);
        code.labelBinding(nextStrip).iinc(strip, registers.threads).goto_(top);
        code.labelBinding(end);
        if (regions.isSynchronizing()) {
            counters.close();
        } else {
            code.aload(BLOCK)
                    .invokevirtual(Emitter.BLOCK, "goOn", MethodTypeDesc.of(ConstantDescs.CD_boolean))
                    .ifne(block);
        }
        counters.answer();
        // What goes wrong in a strip that can begin again goes wrong again in the thread whose fault it is, and is told
        // there.
        code.exceptionCatch(tryStart, tryEnd, handler, Emitter.descriptor(KernelFault.class));
        code.exceptionCatch(tryStart, tryEnd, handler, Emitter.descriptor(IndexOutOfBoundsException.class));
    }

    /** Where the strip can't begin again, the fault is that of the thread at hand, the first one of those that run if they run as one. */
    private void rethrow() {
        Label again = code.newLabel();
        Label found = code.newLabel();
        code.iload(committed).ifeq(again);
        masks.pushRunning();
        code.iload(e.thread).iload(strip).isub().iushr().iconst_1().iand().ifne(found);
        code.iload(strip);
        masks.pushRunning();
        e.call(Integer.class, "numberOfTrailingZeros", TypeKind.INT, TypeKind.INT);
        code.iadd().istore(e.thread);
        code.labelBinding(found);
        code.aload(BLOCK).iload(e.thread).putfield(Emitter.BLOCK, "faultThread", ConstantDescs.CD_int);
        code.athrow().labelBinding(again);
    }

    /**
     * The strip and those behind it, whose place is much the same, run the region in the form that parts by place; or each thread of the strip
     * does for itself.
     */
    private void giveUp(Label nextStrip, Label end) {
        code.iload(strip).istore(e.thread);
        if (regions.isSynchronizing()) {
            counters.part();
        }
        String parting = kernel.parting(region);
        if (parting != null) {
            code.aload(BLOCK).iload(TO).iload(strip).isub();
            code.invokevirtual(
                    Emitter.BLOCK, "partStrips", MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int));
            code.aload(SINGLE)
                    .aload(BLOCK)
                    .iload(strip)
                    .iload(TO)
                    .iload(EXPECTED)
                    .iload(ENTRY)
                    .invokestatic(kernel.context().owner, parting, TYPE)
                    .istore(counters.next);
            counters.note(end);
            return;
        }
        code.aload(BLOCK).invokevirtual(Emitter.BLOCK, "leaveStrips", ConstantDescs.MTD_void);
        if (regions.isOfWarps()) {
            // Single threads of a warp need the scheduler, which runs who stands at an entry.
            code.aload(BLOCK).iload(strip).loadConstant(registers.threads).iload(ENTRY);
            code.invokevirtual(
                    Emitter.BLOCK,
                    "place",
                    MethodTypeDesc.of(
                            ConstantDescs.CD_void, ConstantDescs.CD_int, ConstantDescs.CD_int, ConstantDescs.CD_int));
            code.loadConstant(CompiledKernel.MIXED).istore(counters.next);
            counters.note(nextStrip);
            return;
        }
        code.aload(SINGLE)
                .iload(ENTRY)
                .aload(BLOCK)
                .iload(strip)
                .iload(strip)
                .loadConstant(registers.threads)
                .iadd()
                .iload(EXPECTED)
                .invokevirtual(Emitter.descriptor(CompiledKernel.class), "run", RUN)
                .istore(counters.next);
        counters.note(nextStrip);
    }

    private void pushThread() {
        code.iload(strip);
    }

    // Rows

    private void open() {
        BitSet kept = new BitSet();
        keep(region.entries().getFirst(), kept);
        for (int block : region.blocks().stream().toArray()) {
            FlowGraph.Block here = graph.blocks().get(block);
            if (here.sync() != null) {
                keep(regions.after(here), kept);
            }
        }
        kept.stream().forEach(register -> {
            if (regions.varying().get(register)) {
                rowSlots.put(register, openRow(register));
            } else {
                uniformSlots.put(register, openUniform(register));
            }
        });
    }

    private void keep(Regions.Continuation continuation, BitSet kept) {
        if (continuation.id() > 0) {
            kept.or(liveBehind(continuation));
        }
    }

    /** What lives there and is not the result of what the threads have waited for. */
    private BitSet liveBehind(Regions.Continuation continuation) {
        BitSet live = (BitSet) graph.liveIn(continuation.block()).clone();
        if (continuation.sync() != null) {
            continuation.sync().definitions().forEach(live::clear);
        }
        return live;
    }

    private int openRow(int register) {
        TypeKind kind = e.kind(register);
        String field = switch (kind) {
            case LONG -> "longs";
            case FLOAT -> "floats";
            case DOUBLE -> "doubles";
            default -> "ints";
        };
        int slot = code.allocateLocal(TypeKind.REFERENCE);
        code.aload(BLOCK)
                .getfield(Emitter.BLOCK, field, kind.upperBound().arrayType(2))
                .loadConstant(rows.row(register))
                .aaload()
                .astore(slot);
        return slot;
    }

    /** As the block had it when the region began. */
    private int openUniform(int register) {
        TypeKind kind = e.kind(register);
        int slot = code.allocateLocal(kind);
        code.aload(BLOCK)
                .getfield(Emitter.BLOCK, "uniformIn", LONGS)
                .loadConstant(rows.row(register))
                .laload();
        if (Emitter.isLong(kind)) {
            e.bits(TypeKind.LONG, kind);
        } else {
            code.l2i();
            e.bits(TypeKind.INT, kind);
        }
        code.storeLocal(kind, slot);
        return slot;
    }

    private void enter(Regions.Continuation entry) {
        BitSet live = graph.liveIn(entry.block());
        for (int register = live.nextSetBit(0); register >= 0; register = live.nextSetBit(register + 1)) {
            boolean varies = shapes.of(register).isVarying();
            TypeKind kind = e.kind(register);
            if (entry.id() == 0) {
                if (varies) {
                    registers.zero(register);
                } else {
                    e.zero(register);
                }
            } else if (entry.sync() != null && entry.sync().definitions().contains(register)) {
                exchange.takeResult(entry.sync(), register);
            } else if (!regions.varying().get(register)) {
                code.loadLocal(kind, slot(uniformSlots, register)).storeLocal(kind, e.slot(register));
            } else if (varies) {
                registers.fromRow(register, slot(rowSlots, register), this::pushThread);
            } else {
                code.aload(slot(rowSlots, register)).iload(e.thread).arrayLoad(kind);
                code.storeLocal(kind, e.slot(register));
            }
        }
        masks.open();
        BitSet partial = partial();
        partial.andNot(live);
        invariants.forEach(i -> i.definitions().forEach(partial::clear));
        partial.stream().forEach(register -> {
            if (shapes.of(register).isVarying()) {
                registers.zero(register);
            } else {
                e.zero(register);
            }
        });
        code.goto_(body.label(entry.block()));
    }

    /** What some threads write and others leave as it was, even if nothing was there. */
    private BitSet partial() {
        BitSet found = new BitSet();
        for (int block : region.blocks().stream().toArray()) {
            for (Instruction i : graph.blocks().get(block).instructions()) {
                boolean some = i.guard() != null && registers.isMask(i.guard().register());
                if (some || partings.isPartial(block)) {
                    i.definitions().forEach(found::set);
                }
            }
        }
        return found;
    }

    private static int slot(Map<Integer, Integer> slots, int register) {
        Integer slot = slots.get(register);
        if (slot == null) {
            throw new IllegalStateException("register " + register + " is not kept");
        }
        return slot;
    }

    // Leaving

    @Override
    public void end(Instruction at) {
        leave(CompiledKernel.EXITED);
    }

    @Override
    public void synchronize(FlowGraph.Block block, Instruction at) {
        Regions.Continuation after = regions.after(block);
        exchange.giveOperands(at);
        BitSet live = liveBehind(after);
        live.and(dirty.atEnd(block.index()));
        live.stream().forEach(this::store);
        leave(~after.id());
    }

    private void store(int register) {
        if (regions.varying().get(register)) {
            registers.intoRow(register, slot(rowSlots, register), this::pushThread);
            return;
        }
        TypeKind kind = e.kind(register);
        code.aload(uniformOut).loadConstant(rows.row(register)).loadLocal(kind, e.slot(register));
        if (Emitter.isLong(kind)) {
            e.bits(kind, TypeKind.LONG);
        } else {
            e.bits(kind, TypeKind.INT);
            code.i2l();
        }
        code.lastore();
    }

    @Override
    public boolean leave(int from, int to) {
        return masks.leave(from, to);
    }

    @Override
    public void begin(FlowGraph.Block block) {
        masks.begin(block);
    }

    private Label label(int block) {
        return body.label(block);
    }

    private void leave(int counter) {
        code.loadConstant(counter).istore(counters.next).goto_(stripEnd);
    }
}
