package org.v4vgpu.device.nvrtc;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.device.nvrtc.Compilation.Result;

/**
 * libnvrtc, in this process. Safe for any thread. It reads whatever file a program includes, so what strangers have written is given to
 * it in a sandbox only: see {@link NvrtcWorker}.
 *
 * {@snippet lang=c :
 *   nvrtcResult nvrtcVersion(int *major, int *minor);
 *   nvrtcResult nvrtcGetNumSupportedArchs(int *numArchs);
 *   nvrtcResult nvrtcGetSupportedArchs(int *supportedArchs);
 *   nvrtcResult nvrtcCreateProgram(nvrtcProgram *prog, const char *src, const char *name, int numHeaders,
 *                                  const char *const *headers, const char *const *includeNames);
 *   nvrtcResult nvrtcAddNameExpression(nvrtcProgram prog, const char *name_expression);
 *   nvrtcResult nvrtcCompileProgram(nvrtcProgram prog, int numOptions, const char *const *options);
 *   nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram prog, size_t *logSizeRet);
 *   nvrtcResult nvrtcGetProgramLog(nvrtcProgram prog, char *log);
 *   nvrtcResult nvrtcGetPTXSize(nvrtcProgram prog, size_t *ptxSizeRet);
 *   nvrtcResult nvrtcGetPTX(nvrtcProgram prog, char *ptx);
 *   nvrtcResult nvrtcGetLoweredName(nvrtcProgram prog, const char *const name_expression, const char **lowered_name);
 *   nvrtcResult nvrtcDestroyProgram(nvrtcProgram *prog);
 * }
 */
final class NvrtcLibrary {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final MemoryLayout POINTER = ValueLayout.ADDRESS;
    private static final long LONGEST_NAME = 1 << 20;

    private final MethodHandle version;
    private final MethodHandle countArchitectures;
    private final MethodHandle architectures;
    private final MethodHandle create;
    private final MethodHandle addName;
    private final MethodHandle compile;
    private final MethodHandle logSize;
    private final MethodHandle log;
    private final MethodHandle ptxSize;
    private final MethodHandle ptx;
    private final MethodHandle loweredName;
    private final MethodHandle destroy;

    private NvrtcLibrary(SymbolLookup library) {
        version = handle(library, "nvrtcVersion", POINTER, POINTER);
        countArchitectures = handle(library, "nvrtcGetNumSupportedArchs", POINTER);
        architectures = handle(library, "nvrtcGetSupportedArchs", POINTER);
        create = handle(library, "nvrtcCreateProgram", POINTER, POINTER, POINTER, INT, POINTER, POINTER);
        addName = handle(library, "nvrtcAddNameExpression", POINTER, POINTER);
        compile = handle(library, "nvrtcCompileProgram", POINTER, INT, POINTER);
        logSize = handle(library, "nvrtcGetProgramLogSize", POINTER, POINTER);
        log = handle(library, "nvrtcGetProgramLog", POINTER, POINTER);
        ptxSize = handle(library, "nvrtcGetPTXSize", POINTER, POINTER);
        ptx = handle(library, "nvrtcGetPTX", POINTER, POINTER);
        loweredName = handle(library, "nvrtcGetLoweredName", POINTER, POINTER, POINTER);
        destroy = handle(library, "nvrtcDestroyProgram", POINTER);
    }

    /**
     * Loads the library, for good.
     *
     * @throws IllegalArgumentException if it can't be loaded or lacks a symbol
     */
    static NvrtcLibrary open(Path file) {
        return new NvrtcLibrary(SymbolLookup.libraryLookup(file, Arena.global()));
    }

    private static MethodHandle handle(SymbolLookup library, String name, MemoryLayout... arguments) {
        MemorySegment symbol =
                library.find(name).orElseThrow(() -> new IllegalArgumentException("the library has no " + name));
        return Linker.nativeLinker().downcallHandle(symbol, FunctionDescriptor.of(INT, arguments));
    }

    CompilerVersion version() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment major = arena.allocate(INT);
            MemorySegment minor = arena.allocate(INT);
            MemorySegment count = arena.allocate(INT);
            check("nvrtcVersion", (int) version.invokeExact(major, minor));
            check("nvrtcGetNumSupportedArchs", (int) countArchitectures.invokeExact(count));
            MemorySegment all = arena.allocate(INT, Math.clamp(count.get(INT, 0), 1, 1000));
            check("nvrtcGetSupportedArchs", (int) architectures.invokeExact(all));
            List<Integer> list = new ArrayList<>();
            for (int i = 0; i < count.get(INT, 0); i++) {
                list.add(all.getAtIndex(INT, i));
            }
            return new CompilerVersion(major.get(INT, 0), minor.get(INT, 0), list);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** Compiles a program whose options have been checked. */
    Compilation compile(Program program) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(POINTER);
            int created = (int) create.invokeExact(
                    handle,
                    arena.allocateFrom(program.text()),
                    arena.allocateFrom(program.name()),
                    program.headers().size(),
                    strings(
                            arena,
                            program.headers().stream().map(Program.Header::text).toList()),
                    strings(
                            arena,
                            program.headers().stream().map(Program.Header::name).toList()));
            if (created != 0) {
                return Compilation.failed(Result.of(created), "nvrtcCreateProgram: " + created + "\n");
            }
            try {
                return compile(arena, handle.get(ValueLayout.ADDRESS, 0), program);
            } finally {
                check("nvrtcDestroyProgram", (int) destroy.invokeExact(handle));
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private Compilation compile(Arena arena, MemorySegment program, Program source) throws Throwable {
        for (String expression : source.nameExpressions()) {
            check("nvrtcAddNameExpression", (int) addName.invokeExact(program, arena.allocateFrom(expression)));
        }
        int result = (int) compile.invokeExact(program, source.options().size(), strings(arena, source.options()));
        String words = text(arena, program, logSize, log);
        if (result != 0) {
            return Compilation.failed(Result.of(result), words);
        }
        List<String> names = new ArrayList<>();
        for (String expression : source.nameExpressions()) {
            MemorySegment name = arena.allocate(POINTER);
            int found = (int) loweredName.invokeExact(program, arena.allocateFrom(expression), name);
            if (found != 0) {
                return Compilation.failed(Result.of(found), words + "name expression '" + expression + "'\n");
            }
            names.add(name.get(ValueLayout.ADDRESS, 0).reinterpret(LONGEST_NAME).getString(0));
        }
        return new Compilation(Result.SUCCESS, text(arena, program, ptxSize, ptx), words, names);
    }

    private static String text(Arena arena, MemorySegment program, MethodHandle size, MethodHandle content)
            throws Throwable {
        MemorySegment bytes = arena.allocate(LONG);
        check("the size of a text", (int) size.invokeExact(program, bytes));
        MemorySegment text = arena.allocate(Math.max(1, bytes.get(LONG, 0)));
        check("a text", (int) content.invokeExact(program, text));
        return text.getString(0);
    }

    private static MemorySegment strings(Arena arena, List<String> strings) {
        MemorySegment array = arena.allocate(POINTER, Math.max(1, strings.size()));
        for (int i = 0; i < strings.size(); i++) {
            array.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(strings.get(i)));
        }
        return array;
    }

    private static void check(String call, int result) {
        if (result != 0) {
            throw new IllegalStateException(call + " answered " + result);
        }
    }
}
