package org.v4vgpu.device.cuda;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/**
 * {@code libcuda.so.1}: loads it, gives its functions, judges what they return. Safe for any thread. The property {@code
 * v4vgpu.cuda.library} names another file.
 *
 * <p>Handles and device addresses are plain longs. Where the driver has several versions of a function, the name says which one.
 */
final class DriverLibrary {
    static final String PROPERTY = "v4vgpu.cuda.library";
    static final String NAME = System.getProperty(PROPERTY, "libcuda.so.1");

    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    static final AddressLayout ADDRESS = ValueLayout.ADDRESS;

    /** Functions that the library does not have. */
    private static final List<String> MISSING = new ArrayList<>();

    private static final @Nullable SymbolLookup SYMBOLS;
    private static final @Nullable String LOAD_FAILURE;

    static {
        SymbolLookup symbols = null;
        String failure = null;
        try {
            symbols = SymbolLookup.libraryLookup(NAME, Arena.global());
        } catch (IllegalArgumentException e) {
            failure = String.valueOf(e.getMessage());
        }
        SYMBOLS = symbols;
        LOAD_FAILURE = failure;
    }

    private DriverLibrary() {}

    /** Why the library could not be loaded; null if it is. */
    static @Nullable String loadFailure() {
        return LOAD_FAILURE;
    }

    /** Functions that were asked for and are not there. */
    static synchronized List<String> missing() {
        return List.copyOf(MISSING);
    }

    /** A function that returns a CUresult. One that is missing answers CUDA_ERROR_NOT_SUPPORTED. */
    static synchronized MethodHandle function(String name, MemoryLayout... parameters) {
        FunctionDescriptor descriptor = FunctionDescriptor.of(INT, parameters);
        MemorySegment symbol = SYMBOLS == null ? null : SYMBOLS.find(name).orElse(null);
        if (symbol == null) {
            MISSING.add(name);
            MethodHandle answer = MethodHandles.constant(int.class, CudaStatus.NOT_SUPPORTED.code());
            return MethodHandles.dropArguments(
                    answer, 0, descriptor.toMethodType().parameterList());
        }
        return Linker.nativeLinker().downcallHandle(symbol, descriptor);
    }

    /** @throws DeviceException the driver's error, unchanged */
    static void check(String call, int result) throws DeviceException {
        if (result != 0) {
            throw failure(call, result);
        }
    }

    static DeviceException failure(String call, int result) {
        CudaStatus status = new CudaStatus(result);
        return new DeviceException(status, call + ": " + status.description());
    }

    /** What a method handle threw: the driver's error goes on, anything else is a bug of ours. */
    static DeviceException rethrow(Throwable thrown) {
        return switch (thrown) {
            case DeviceException e -> e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException("a call of the driver failed", thrown);
        };
    }
}
