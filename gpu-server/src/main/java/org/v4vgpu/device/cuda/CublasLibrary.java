package org.v4vgpu.device.cuda;

import static org.v4vgpu.device.cuda.DriverLibrary.INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.BlasStatus;

/**
 * {@code libcublas}: gives its functions, judges what they return. Safe for any thread. Loaded when it is first asked for, as {@link
 * CublasSearch} finds it.
 */
final class CublasLibrary {
    /** Functions that the library does not have. */
    private static final Set<String> MISSING = ConcurrentHashMap.newKeySet();

    private static final CublasSearch FOUND = CublasSearch.run();

    private CublasLibrary() {}

    /** Why there is none, in one line that says what to do; null if it is loaded. */
    static @Nullable String loadFailure() {
        return FOUND.symbols() == null ? FOUND.words() : null;
    }

    /** The file, or the name by which the loader found it. */
    static String name() {
        return FOUND.words();
    }

    /** A function that returns a cublasStatus_t. One that is missing answers CUBLAS_STATUS_NOT_SUPPORTED. */
    static MethodHandle function(String name, MemoryLayout... parameters) {
        FunctionDescriptor descriptor = FunctionDescriptor.of(INT, parameters);
        SymbolLookup symbols = FOUND.symbols();
        MemorySegment symbol = symbols == null ? null : symbols.find(name).orElse(null);
        if (symbol == null) {
            MISSING.add(name);
            return MethodHandles.dropArguments(
                    MethodHandles.constant(int.class, BlasStatus.NOT_SUPPORTED),
                    0,
                    descriptor.toMethodType().parameterList());
        }
        return Linker.nativeLinker().downcallHandle(symbol, descriptor);
    }

    /** @throws DeviceException cuBLAS's error, unchanged, as {@link BlasStatus} */
    static void check(String function, int result) throws DeviceException {
        if (result != 0) {
            throw failure(function, result, "");
        }
    }

    static DeviceException failure(String function, int result, String advice) {
        String lacks = MISSING.contains(function) ? "; " + name() + " has no such function" : "";
        return new DeviceException(BlasStatus.of(result), function + ": " + BlasStatus.name(result) + lacks + advice);
    }
}
