package org.v4vgpu.client.jcuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUjit_option;
import jcuda.driver.JITOptions;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;

/**
 * Where a program wants the logs of a module load: JIT options are in and out. Used by one thread, for one call. The other JIT
 * options speak of how to compile; the server decides that.
 */
final class JitLogs {
    /** How much of each log the server is asked for. */
    static final int WANTED_BYTES = 16 * 1024;

    private final @Nullable MemorySegment info;
    private final @Nullable MemorySegment error;
    private final @Nullable JITOptions options;

    private JitLogs(@Nullable MemorySegment info, @Nullable MemorySegment error, @Nullable JITOptions options) {
        this.info = info;
        this.error = error;
        this.options = options;
    }

    static JitLogs of(JITOptions options) {
        return new JitLogs(
                segment(options.getBytes(CUjit_option.CU_JIT_INFO_LOG_BUFFER)),
                segment(options.getBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER)),
                options);
    }

    static JitLogs of(int count, int[] options, @Nullable NativePointerObject @Nullable [] values) {
        MemorySegment info = null;
        MemorySegment error = null;
        for (int i = 0; values != null && i < count; i++) {
            if (options[i] == CUjit_option.CU_JIT_INFO_LOG_BUFFER) {
                info = segment(values[i]);
            } else if (options[i] == CUjit_option.CU_JIT_ERROR_LOG_BUFFER) {
                error = segment(values[i]);
            }
        }
        return new JitLogs(info, error, null);
    }

    /** Writes the logs, each with a NUL behind it, as much as fits. */
    void deliver(String infoLog, String errorLog) {
        int infoBytes = write(infoLog, info);
        int errorBytes = write(errorLog, error);
        if (options != null) {
            if (info != null) {
                options.putInt(CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES, infoBytes);
            }
            if (error != null) {
                options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, errorBytes);
            }
        }
    }

    private static int write(String log, @Nullable MemorySegment destination) {
        if (destination == null || destination.byteSize() == 0) {
            return 0;
        }
        byte[] text = log.getBytes(StandardCharsets.UTF_8);
        int bytes = (int) Math.min(text.length, destination.byteSize() - 1);
        MemorySegment.copy(MemorySegment.ofArray(text), 0, destination, 0, bytes);
        destination.set(ValueLayout.JAVA_BYTE, bytes, (byte) 0);
        return bytes;
    }

    private static @Nullable MemorySegment segment(byte @Nullable [] bytes) {
        return bytes == null ? null : MemorySegment.ofArray(bytes);
    }

    /** @throws CudaException INVALID_VALUE if it is no host memory */
    private static @Nullable MemorySegment segment(@Nullable NativePointerObject value) {
        return value instanceof Pointer pointer ? room(HostPointer.of(pointer)) : null;
    }

    private static MemorySegment room(HostPointer pointer) {
        return pointer.room(pointer.bytes().byteSize());
    }
}
