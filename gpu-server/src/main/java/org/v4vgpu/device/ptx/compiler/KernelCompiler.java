package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.v4vgpu.device.ptx.runtime.Checks;
import org.v4vgpu.device.ptx.runtime.CompiledKernel;
import org.v4vgpu.device.ptx.runtime.FormedKernel;
import org.v4vgpu.device.ptx.runtime.KernelLoader;
import org.v4vgpu.device.ptx.runtime.KernelPlan;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.Statement;

/**
 * One kernel to one class: flow graph, regions, a method for each region and for each function that the kernel calls. Confined to the
 * compiling thread.
 */
public final class KernelCompiler {
    /** A kernel ready to run: code, and what running it takes. */
    public record Compiled(KernelPlan plan, CompiledKernel code, LineNumbers lines) {}

    /** A branch to more places may be too large for a method by itself, and takes long to find that out. */
    private static final int MOST_TARGETS = 2000;

    private static final int STATIC = ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC;

    private final Function entry;
    private final CompileBudget budget;
    private final KernelContext context;
    private final CallGraph calls;
    private final SharedLayout shared;

    private KernelCompiler(ModuleLayout module, Function entry, CompileBudget budget, Checks checks) {
        // Before anything is charged: the body grows by what is put in place of calls, up to the same limit.
        this.entry = SpinLoops.mark(Inliner.inline(entry, module, budget), module, budget);
        this.budget = budget;
        this.calls = CallGraph.from(this.entry, module);
        List<Function> all = new ArrayList<>(calls.functions());
        all.add(this.entry);
        all.forEach(budget::spend);
        this.shared = new SharedLayout(module, all);
        this.context = new KernelContext(ClassDesc.of(KernelLoader.CLASS_NAME), module, shared, checks.isAny());
    }

    /**
     * Compiles one kernel.
     *
     * @throws PtxErrors.Refusal for what cannot be compiled
     */
    public static Compiled compile(ModuleLayout module, Function entry, CompileBudget budget, Checks checks) {
        return new KernelCompiler(module, entry, budget, checks).compile();
    }

    private Compiled compile() {
        FlowGraph graph = FlowGraph.of(entry);
        for (int largest = Regions.LARGEST; ; largest /= 4) {
            Regions regions = Regions.of(entry, graph, budget, largest);
            SpillRows rows = new SpillRows(graph, regions, context.kinds(entry));
            try {
                CompiledKernel code = KernelLoader.load(build(graph, regions, rows));
                return new Compiled(plan(regions, rows), forms(graph, regions, rows, code), context.lines);
            } catch (IllegalArgumentException tooLarge) {
                // How many bytes an instruction becomes depends on what it does. One alone is not cut.
                if (largest / 4 < Regions.SMALLEST || hasHugeTable(graph)) {
                    throw new PtxErrors.Refusal(
                            entry.line(),
                            entry.name() + ": unsupported: too large for the JVM (" + tooLarge.getMessage() + ")");
                }
            }
        }
    }

    private static boolean hasHugeTable(FlowGraph graph) {
        return graph.blocks().stream().anyMatch(block -> block.successors().size() > MOST_TARGETS);
    }

    private byte[] build(FlowGraph graph, Regions regions, SpillRows rows) {
        return ClassFile.of().build(context.owner, type -> {
            type.withSuperclass(Emitter.descriptor(CompiledKernel.class))
                    .withFlags(ClassFile.ACC_PUBLIC | ClassFile.ACC_FINAL);
            constructor(type);
            dispatch(type, regions);
            for (int i = 0; i < regions.regions().size(); i++) {
                Regions.Region region = regions.regions().get(i);
                budget.requireTime(entry);
                String name = "region" + i;
                type.withMethodBody(name, RegionEmitter.TYPE, STATIC, code -> {
                    context.lines.begin(name);
                    RegionEmitter.emit(code, entry, context, graph, regions, region, rows);
                });
            }
            for (MethodTypeDesc pointer : calls.pointerTypes()) {
                type.withMethodBody(
                        context.dispatcher(pointer),
                        pointer.insertParameterTypes(pointer.parameterCount(), ConstantDescs.CD_long),
                        STATIC,
                        code -> Dispatcher.emit(code, context, pointer));
            }
            for (Function function : calls.functions()) {
                budget.requireTime(function);
                type.withMethodBody(context.method(function), CallEmitter.descriptor(function), STATIC, code -> {
                    context.lines.begin(context.method(function));
                    FunctionEmitter.emit(code, function, context);
                });
            }
        });
    }

    private CompiledKernel forms(FlowGraph graph, Regions regions, SpillRows rows, CompiledKernel single) {
        if (!StripCompiler.isCandidate(context, calls, graph, regions)) {
            return single;
        }
        Function function = entry;
        KernelContext kernel = context;
        return new FormedKernel(
                single,
                StripCompiler.widths(regions),
                (threads, anyhow) ->
                        StripCompiler.compile(function, kernel.later(), graph, regions, rows, single, threads, anyhow));
    }

    private KernelPlan plan(Regions regions, SpillRows rows) {
        Frame frame = context.frame(entry);
        return new KernelPlan(
                entry.name(),
                regions.continuations().stream()
                        .map(Regions.Continuation::point)
                        .toList(),
                rows.count(TypeKind.INT),
                rows.count(TypeKind.LONG),
                rows.count(TypeKind.FLOAT),
                rows.count(TypeKind.DOUBLE),
                rows.uniforms(),
                frame.parameterBytes(),
                shared.bytes(),
                frame.localBytes() + calls.stackBytes(context),
                Math.max(4, rows(regions, SyncOperands::operandRows)),
                Math.max(2, rows(regions, SyncOperands::resultRows)),
                needs());
    }

    private static int rows(Regions regions, ToIntFunction<Instruction> count) {
        int most = 0;
        for (Regions.Continuation continuation : regions.continuations()) {
            Instruction sync = continuation.sync();
            most = Math.max(most, sync == null ? 0 : count.applyAsInt(sync));
        }
        return most;
    }

    private Set<KernelPlan.Need> needs() {
        Set<KernelPlan.Need> found = EnumSet.noneOf(KernelPlan.Need.class);
        List<Function> all = new ArrayList<>(calls.functions());
        all.add(entry);
        for (Function function : all) {
            for (Statement statement : function.body()) {
                if (statement instanceof Instruction instruction) {
                    instruction.operands().forEach(operand -> addNeed(operand, found));
                }
            }
        }
        return Set.copyOf(found);
    }

    private static void addNeed(Operand operand, Set<KernelPlan.Need> found) {
        switch (operand) {
            case Operand.Special special
            when special.name().startsWith("%envreg") -> found.add(KernelPlan.Need.WORKSPACE);
            case Operand.Symbol symbol
            when symbol.name().equals("malloc") || symbol.name().equals("free") -> found.add(KernelPlan.Need.HEAP);
            default -> {}
        }
    }

    private static void constructor(ClassBuilder type) {
        type.withMethodBody(
                ConstantDescs.INIT_NAME,
                ConstantDescs.MTD_void,
                ClassFile.ACC_PUBLIC,
                code -> code.aload(0)
                        .invokespecial(
                                Emitter.descriptor(CompiledKernel.class),
                                ConstantDescs.INIT_NAME,
                                ConstantDescs.MTD_void)
                        .return_());
    }

    /** run(entry, block, from, to, expected): calls the region that holds the entry. */
    private void dispatch(ClassBuilder type, Regions regions) {
        MethodTypeDesc run = MethodTypeDesc.of(
                ConstantDescs.CD_int,
                ConstantDescs.CD_int,
                Emitter.BLOCK,
                ConstantDescs.CD_int,
                ConstantDescs.CD_int,
                ConstantDescs.CD_int);
        type.withMethodBody("run", run, ClassFile.ACC_PUBLIC, code -> {
            List<SwitchCase> cases = new ArrayList<>();
            List<Label> starts = new ArrayList<>();
            for (Regions.Region region : regions.regions()) {
                Label start = code.newLabel();
                starts.add(start);
                region.entries().forEach(each -> cases.add(SwitchCase.of(each.id(), start)));
            }
            code.iload(1).lookupswitch(starts.getFirst(), cases);
            for (int i = 0; i < starts.size(); i++) {
                code.labelBinding(starts.get(i));
                call(code, "region" + i);
            }
        });
    }

    private void call(CodeBuilder code, String region) {
        code.aload(2)
                .iload(3)
                .iload(4)
                .iload(5)
                .iload(1)
                .invokestatic(context.owner, region, RegionEmitter.TYPE)
                .ireturn();
    }
}
