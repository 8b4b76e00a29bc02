package org.v4vgpu.device.ptx;

import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.compiler.CompileBudget;
import org.v4vgpu.device.ptx.compiler.KernelCompiler;
import org.v4vgpu.device.ptx.compiler.ModuleLayout;
import org.v4vgpu.device.ptx.runtime.Checks;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Linker;
import org.v4vgpu.device.ptx.syntax.Parser;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.PtxModule;
import org.v4vgpu.proto.CudaStatus;

/**
 * A PTX module as JVM code, without the state of any context. Immutable, safe for any thread, shareable between sessions.
 *
 * {@snippet :
 *   LoadedModule module = CompiledModule.compile(text).load(memory);
 *   module.kernel("vecadd").run(shape, parameters, cancellation, output);
 * }
 */
public final class CompiledModule {
    private static final System.Logger LOG = System.getLogger(CompiledModule.class.getName());

    /** Compiling takes memory and a core: more than these wait. */
    private static final Semaphore COMPILERS =
            new Semaphore(Runtime.getRuntime().availableProcessors(), true);

    /** Short texts do not stand in line behind long ones, which may take a minute each. */
    private static final Semaphore SHORT_COMPILERS =
            new Semaphore(Runtime.getRuntime().availableProcessors(), true);

    static final int SHORT_CHARACTERS = 64 << 10;

    private static final ModuleCache CACHE = new ModuleCache(16 << 20);

    private static final int NAME_DIGITS = 8;

    private final PtxModule module;
    private final ModuleLayout layout;
    private final Map<String, Entry> entries;
    private final Checks checks;
    private final String name;

    /** A kernel with its syntax, where the limits stand. */
    record Entry(Function function, KernelCompiler.Compiled compiled) {}

    private CompiledModule(
            String name, PtxModule module, ModuleLayout layout, Map<String, Entry> entries, Checks checks) {
        this.name = name;
        this.checks = checks;
        this.module = module;
        this.layout = layout;
        this.entries = entries;
    }

    /**
     * Parses and compiles PTX text. Texts compiled lately are answered from a cache.
     *
     * @throws DeviceException INVALID_PTX or UNSUPPORTED_PTX_VERSION, with line, instruction and reason as its message
     */
    public static CompiledModule compile(String ptx) throws DeviceException {
        return compile(ptx, Checks.NONE);
    }

    /** As {@link #compile(String)}, with code for checks. */
    public static CompiledModule compile(String ptx, Checks checks) throws DeviceException {
        CompiledModule known = CACHE.find(digest(ptx, checks));
        return known == null ? inTurn(ptx.length(), budget -> compile(ptx, checks, budget)) : known;
    }

    /**
     * As {@link #compile(String)}, of several texts that become one.
     *
     * @throws DeviceException as well if they can't be linked
     */
    public static CompiledModule link(List<String> texts, Checks checks) throws DeviceException {
        long characters = texts.stream().mapToLong(String::length).sum();
        return inTurn(characters, budget -> compile(Linker.link(texts, budget::requireTime), checks, budget));
    }

    /** What a compiler does in its turn. */
    interface Work {
        CompiledModule run(CompileBudget budget) throws DeviceException;
    }

    /** @param characters of the texts, which decide about the line to stand in */
    static CompiledModule inTurn(long characters, Work work) throws DeviceException {
        Semaphore compilers = characters <= SHORT_CHARACTERS ? SHORT_COMPILERS : COMPILERS;
        compilers.acquireUninterruptibly();
        try {
            return work.run(new CompileBudget());
        } catch (RuntimeException | StackOverflowError | LinkageError bug) {
            // Refusals are DeviceExceptions: whatever else the text provokes is a bug of the compiler, and must end
            // this call only.
            LOG.log(Level.ERROR, "the PTX compiler failed", bug);
            throw new DeviceException(CudaStatus.INVALID_PTX, "the compiler failed: " + bug, bug);
        } catch (OutOfMemoryError tooLarge) {
            LOG.log(Level.ERROR, "the PTX compiler ran out of memory", tooLarge);
            throw new DeviceException(CudaStatus.OUT_OF_MEMORY, "compiling takes more memory than the server has");
        } finally {
            compilers.release();
        }
    }

    /** Looks at the cache once more: others may have compiled the text meanwhile. */
    private static CompiledModule compile(String ptx, Checks checks, CompileBudget budget) throws DeviceException {
        String digest = digest(ptx, checks);
        CompiledModule known = CACHE.find(digest);
        if (known != null) {
            return known;
        }
        CompiledModule compiled = compile(digest.substring(0, NAME_DIGITS), Parser.parse(ptx), checks, budget);
        CACHE.keep(digest, compiled, ptx.length());
        return compiled;
    }

    private static String digest(String ptx, Checks checks) {
        return ModuleCache.digest(ptx) + (checks.memory() ? "+memory" : "") + (checks.race() ? "+race" : "");
    }

    private static CompiledModule compile(String name, PtxModule module, Checks checks, CompileBudget budget)
            throws DeviceException {
        PtxErrors errors = new PtxErrors();
        Map<String, Entry> entries = new LinkedHashMap<>();
        try {
            ModuleLayout layout = new ModuleLayout(module);
            for (Function function : module.functions()) {
                if (function.entry() && function.defined()) {
                    try {
                        entries.put(
                                function.name(),
                                new Entry(function, KernelCompiler.compile(layout, function, budget, checks)));
                    } catch (PtxErrors.Refusal refusal) {
                        errors.add(refusal);
                    }
                    if (budget.isSpent()) {
                        break;
                    }
                }
            }
            errors.throwIfAny();
            return new CompiledModule(name, module, layout, entries, checks);
        } catch (PtxErrors.Refusal refusal) {
            errors.add(refusal);
            errors.throwIfAny();
            throw new AssertionError("a refusal is an error", refusal);
        }
    }

    /** Makes the module's variables in a context's memory and binds its kernels to them. */
    public LoadedModule load(GlobalMemory memory) throws DeviceException {
        return LoadedModule.of(this, memory);
    }

    /** Tells it from other modules: the first digits of its text's digest. */
    String name() {
        return name;
    }

    PtxModule module() {
        return module;
    }

    ModuleLayout layout() {
        return layout;
    }

    Checks checks() {
        return checks;
    }

    Map<String, Entry> entries() {
        return entries;
    }
}
