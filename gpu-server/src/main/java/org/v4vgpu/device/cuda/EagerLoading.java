package org.v4vgpu.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Has the driver load modules when it is asked to. By default it puts that off to the first use of a kernel (CUDA C++ Programming Guide,
 * Lazy Loading): a refusal would come with the launch, and loading would wait for kernels that run.
 *
 * {@snippet lang = c :
 *   int setenv(const char *name, const char *value, int overwrite);
 * }
 */
final class EagerLoading {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle SETENV = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("setenv"),
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

    private EagerLoading() {}

    /** Before cuInit. What the user has set stays. */
    static void request() {
        try (Arena arena = Arena.ofConfined()) {
            int result =
                    (int) SETENV.invokeExact(arena.allocateFrom("CUDA_MODULE_LOADING"), arena.allocateFrom("EAGER"), 0);
            assert result == 0 : "setenv";
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("setenv failed", e);
        }
    }
}
