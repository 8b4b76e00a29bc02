package org.v4vgpu.device.ptx.compiler;

import java.lang.System.Logger.Level;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.runtime.CompiledKernel;
import org.v4vgpu.device.ptx.runtime.KernelLoader;
import org.v4vgpu.device.ptx.runtime.LiveRanges;
import org.v4vgpu.device.ptx.runtime.StripKernel;
import org.v4vgpu.device.ptx.runtime.Strips;
import org.v4vgpu.device.ptx.runtime.SyncPoint;
import org.v4vgpu.device.ptx.runtime.VectorUnit;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.PtxErrors;

/**
 * The second form of a kernel, in which threads side by side run as vectors: for kernels that wait at barriers of the whole block or
 * within warps, call no functions, and are of moderate size. The first region, at least, must be one that {@link StripRules} accepts, in the
 * form that gives up where coordinates compare differently or, failing that, in the one that parts there; from one
 * that is not, a block goes on with the first form. Confined to the compiling thread.
 */
record StripCompiler(
        Function function,
        KernelContext context,
        FlowGraph graph,
        Regions regions,
        SpillRows rows,
        Partings partings,
        StripRules rules,
        @Nullable StripCompiler parting,
        Map<Integer, String> parts,
        int vectorBits,
        int threads,
        CompileBudget budget) {
    private static final System.Logger LOG = System.getLogger(StripCompiler.class.getName());

    /** Vectors make methods long, and C2 slow. */
    private static final int MOST_INSTRUCTIONS = 600;

    /** With more vectors than these, wide strips take C2 too long and too many registers. */
    private static final int MOST_WIDE = 64;

    /** Of the flow graph: what is asked of it grows faster than its size. */
    private static final int MOST_BLOCKS = 1200;

    private static final int MOST_WAYS = 2400;

    /** All kernels wait for one compiler. */
    private static final long MOST_SECONDS = 5;

    private static int least(Regions regions) {
        int[] widths = widths(regions);
        return widths[widths.length - 1];
    }

    /** Whether it is worth asking {@link #compile}. */
    static boolean isCandidate(KernelContext context, CallGraph calls, FlowGraph graph, Regions regions) {
        int instructions = graph.blocks().stream()
                .mapToInt(block -> block.instructions().size())
                .sum();
        return VectorUnit.bits() > 0
                && !context.checked
                && calls.functions().isEmpty()
                && !regions.isChunked()
                && instructions <= MOST_INSTRUCTIONS
                && graph.blocks().size() <= MOST_BLOCKS
                && graph.ways() <= MOST_WAYS
                && regions.continuations().stream()
                        .map(continuation -> continuation.point().kind())
                        .allMatch(StripCompiler::isKnown);
    }

    private static boolean isKnown(SyncPoint.Kind kind) {
        return kind == SyncPoint.Kind.NONE
                || kind == SyncPoint.Kind.BARRIER
                || kind.isReduction()
                || (kind.isOfWarp() && kind != SyncPoint.Kind.MATRIX);
    }

    /** How many threads strips may have: a warp where its lanes exchange values. */
    static int[] widths(Regions regions) {
        return regions.isOfWarps() ? new int[] {Strips.WARP} : new int[] {Strips.WARP, Strips.THREADS};
    }

    /**
     * Compiles the form.
     *
     * @param single the first form
     * @param threads of a strip
     * @param anyhow also where hardly any instruction runs as a vector, or where smaller strips would be faster
     * @return null where the kernel has no such form, or it takes too long to find out
     */
    static @Nullable StripKernel compile(
            Function function,
            KernelContext context,
            FlowGraph graph,
            Regions regions,
            SpillRows rows,
            CompiledKernel single,
            int threads,
            boolean anyhow) {
        CompileBudget budget = new CompileBudget(MOST_SECONDS);
        try {
            return of(function, context, graph, regions, rows, threads, budget).compile(single, anyhow);
        } catch (PtxErrors.Refusal refusal) {
            if (!budget.isSpent()) {
                throw refusal;
            }
            LOG.log(Level.DEBUG, "{0}: threads run singly, {1}", function.name(), refusal.getMessage());
            return null;
        }
    }

    private static StripCompiler of(
            Function function,
            KernelContext context,
            FlowGraph graph,
            Regions regions,
            SpillRows rows,
            int threads,
            CompileBudget budget) {
        boolean warps = regions.isOfWarps();
        FlowGraph ways = warps ? FlowGraph.ofWarps(function) : graph;
        Regions own = warps ? regions.ofWarps(ways) : regions;
        Partings partings = Partings.of(function, ways, budget);
        StripCompiler whole = of(function, context, ways, own, rows, partings, null, threads, budget);
        if (!whole.mayCompareApart()) {
            return whole;
        }
        Partings byPlace = Partings.byPlace(function, ways, budget);
        StripCompiler parting = of(function, context, ways, own, rows, byPlace, null, threads, budget);
        Regions.Region first = own.regions().getFirst();
        if (!whole.objection(first).isEmpty() && parting.objection(first).isEmpty()) {
            return parting; // No comparison makes it give up where it can't begin again.
        }
        return of(function, context, ways, own, rows, partings, parting, threads, budget);
    }

    private static StripCompiler of(
            Function function,
            KernelContext context,
            FlowGraph graph,
            Regions regions,
            SpillRows rows,
            Partings partings,
            @Nullable StripCompiler parting,
            int threads,
            CompileBudget budget) {
        StripRules rules = new StripRules(graph, partings, context.kinds(function), function.registers());
        Map<Integer, String> parts = parting == null ? Map.of() : parting.accepted("stripsInParts");
        return new StripCompiler(
                function,
                context,
                graph,
                regions,
                rows,
                partings,
                rules,
                parting,
                parts,
                VectorUnit.bits(),
                threads,
                budget);
    }

    /** Whether strips may give up because their coordinates compare differently. */
    private boolean mayCompareApart() {
        return graph.blocks().stream()
                .flatMap(block -> block.instructions().stream())
                .anyMatch(i -> rules.way(i) == StripRules.Way.COMPARED);
    }

    /** The names of the methods of regions that have this form. */
    private Map<Integer, String> accepted(String prefix) {
        Map<Integer, String> accepted = new TreeMap<>();
        for (int i = 0; i < regions.regions().size(); i++) {
            budget.requireTime(function);
            String objection = objection(regions.regions().get(i));
            if (objection.isEmpty()) {
                accepted.put(i, prefix + i);
            } else {
                LOG.log(Level.DEBUG, "{0}, {1}{2}: not so, {3}", function.name(), prefix, i, objection);
            }
        }
        return accepted;
    }

    private @Nullable StripKernel compile(CompiledKernel single, boolean anyhow) {
        Map<Integer, String> strips = accepted("strips");
        if (!strips.containsKey(0)) {
            return null;
        }
        if (!anyhow && rules.isMostlySingle()) {
            LOG.log(Level.DEBUG, "{0}: threads run singly, as most of their instructions would", function.name());
            return null;
        }
        if (!anyhow && threads > least(regions) && rules.vectors(threads, vectorBits) > MOST_WIDE) {
            LOG.log(Level.DEBUG, "{0}: no strips of {1}", function.name(), threads);
            return null;
        }
        logSingle();
        byte[] bytes;
        try {
            bytes = build(strips);
        } catch (IllegalArgumentException tooLong) {
            // The class file's builder says so of a method beyond 64 KiB: small vectors make many instructions.
            LOG.log(Level.DEBUG, "{0}: no strips of {1}, {2}", function.name(), threads, tooLong.getMessage());
            return null;
        }
        return KernelLoader.load(bytes, single);
    }

    private byte[] build(Map<Integer, String> strips) {
        return ClassFile.of().build(context.owner, type -> {
            type.withSuperclass(Emitter.descriptor(StripKernel.class))
                    .withFlags(ClassFile.ACC_PUBLIC | ClassFile.ACC_FINAL);
            MethodTypeDesc constructor =
                    MethodTypeDesc.of(ConstantDescs.CD_void, Emitter.descriptor(CompiledKernel.class));
            type.withMethodBody(
                    ConstantDescs.INIT_NAME,
                    constructor,
                    ClassFile.ACC_PUBLIC,
                    code -> code.aload(0)
                            .aload(1)
                            .loadConstant(threads)
                            .invokespecial(
                                    Emitter.descriptor(StripKernel.class),
                                    ConstantDescs.INIT_NAME,
                                    constructor.insertParameterTypes(1, ConstantDescs.CD_int))
                            .return_());
            dispatch(type, "runStrips", strips, "runSingly");
            dispatch(type, "runParts", parts, "runSingly");
            StripSeries.define(type, functions(), vectorBits);
            emit(type, strips);
            if (parting != null) {
                parting.emit(type, parts);
            }
        });
    }

    /** What the kernel has of the functions that have methods of their own. */
    private Set<String> functions() {
        Set<String> found = new TreeSet<>();
        for (FlowGraph.Block block : graph.blocks()) {
            block.instructions().stream()
                    .map(Instruction::opcode)
                    .filter(StripSeries.FUNCTIONS::contains)
                    .forEach(found::add);
        }
        return found;
    }

    private void emit(ClassBuilder type, Map<Integer, String> methods) {
        methods.forEach((i, name) -> {
            budget.requireTime(function);
            type.withMethodBody(name, StripRegionEmitter.TYPE, ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC, code -> {
                context.lines.begin(name);
                StripRegionEmitter.emit(code, this, regions.regions().get(i));
            });
        });
    }

    /** name(entry, block, from, to, expected): calls the method of the region that begins there, or another one for all regions. */
    private void dispatch(ClassBuilder type, String name, Map<Integer, String> methods, String otherwise) {
        type.withMethodBody(name, StripRegionEmitter.RUN, ClassFile.ACC_PROTECTED, code -> {
            List<SwitchCase> cases = new ArrayList<>();
            methods.keySet()
                    .forEach(i -> cases.add(SwitchCase.of(
                            regions.regions().get(i).entries().getFirst().id(), code.newLabel())));
            Label other = code.newLabel();
            code.iload(1).lookupswitch(other, cases);
            int n = 0;
            for (String method : methods.values()) {
                code.labelBinding(cases.get(n++).target())
                        .aload(0)
                        .getfield(
                                Emitter.descriptor(StripKernel.class),
                                "single",
                                Emitter.descriptor(CompiledKernel.class))
                        .aload(2)
                        .iload(3)
                        .iload(4)
                        .iload(5)
                        .iload(1)
                        .invokestatic(context.owner, method, StripRegionEmitter.TYPE)
                        .ireturn();
            }
            code.labelBinding(other)
                    .aload(0)
                    .iload(1)
                    .aload(2)
                    .iload(3)
                    .iload(4)
                    .iload(5)
                    .invokevirtual(Emitter.descriptor(StripKernel.class), otherwise, StripRegionEmitter.RUN)
                    .ireturn();
        });
    }

    /** The method that a strip of a region goes over to when it gives up, or null where single threads do. */
    @Nullable
    String parting(Regions.Region region) {
        return parts.get(regions.regions().indexOf(region));
    }

    /** Which of the block's live ranges its methods begin with. */
    int firstSite() {
        return partings.areByPlace() ? LiveRanges.SITES / 2 : 0;
    }

    /** Tells which instructions have no vector form, for whoever wants a kernel to be faster. */
    private void logSingle() {
        if (!LOG.isLoggable(Level.DEBUG)) {
            return;
        }
        for (FlowGraph.Block block : graph.blocks()) {
            for (Instruction i : block.instructions()) {
                if (rules.way(i) == StripRules.Way.LANES) {
                    LOG.log(
                            Level.DEBUG,
                            "{0}, line {1}: a thread after the other, {2}",
                            function.name(),
                            i.line(),
                            i.written());
                }
            }
        }
    }

    Shapes shapes() {
        return partings.shapes();
    }

    private String objection(Regions.Region region) {
        String objection = rules.objection(region);
        if (!objection.isEmpty()) {
            return objection;
        }
        for (int register = 0; register < function.registers().size(); register++) {
            TypeKind kind = context.kinds(function)[register];
            if (shapes().of(register).isAffine() && kind != TypeKind.INT && kind != TypeKind.LONG) {
                return "an address in a register of floating-point numbers";
            }
            if (rows.isKept(register)
                    && !regions.varying().get(register)
                    && shapes().of(register).isVarying()) {
                return "a register of the block varies"; // The two analyses should never disagree so.
            }
        }
        return "";
    }
}
