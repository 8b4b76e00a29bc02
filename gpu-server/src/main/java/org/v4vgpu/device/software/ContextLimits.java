package org.v4vgpu.device.software;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.runtime.DeviceHeap;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.Limits;

/**
 * The CUlimits of a context. Safe for any thread. What a thread's stack may use is fixed on this device: a request up to that is granted
 * and remembered, and changes nothing else. The buffer of printf and the heap of malloc are as large as asked for.
 *
 * <p>Source: CUDA driver API, cuCtxSetLimit.
 */
final class ContextLimits {
    private static final int STACK_SIZE = 0;
    static final int PRINTF_FIFO_SIZE = 1;
    static final int MALLOC_HEAP_SIZE = 2;
    private static final int LAST = 6;

    /** What every thread of the largest block may have: the compiler's 64 MiB for 1024 threads. */
    private static final long STACK_BYTES = 64 * 1024;

    private static final long MOST_HEAP_BYTES = 1L << 30;

    private static final Map<Integer, Long> MOST = Map.of(
            STACK_SIZE,
            STACK_BYTES,
            PRINTF_FIFO_SIZE,
            (long) Limits.MAXIMUM_PRINTF_BYTES,
            MALLOC_HEAP_SIZE,
            MOST_HEAP_BYTES);

    private final Map<Integer, Long> values = new ConcurrentHashMap<>(Map.of(
            STACK_SIZE,
            STACK_BYTES,
            PRINTF_FIFO_SIZE,
            PrintfFifo.DEFAULT_BYTES,
            MALLOC_HEAP_SIZE,
            DeviceHeap.DEFAULT_BYTES));

    long get(int limit) throws DeviceException {
        most(limit);
        return values.getOrDefault(limit, 0L);
    }

    /** Checks a request. @throws DeviceException INVALID_VALUE, UNSUPPORTED_LIMIT */
    void check(int limit, long value) throws DeviceException {
        long most = most(limit);
        if (value < 0 || value > most) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "limit " + limit + " of " + Long.toUnsignedString(value) + "; up to " + most + " is possible");
        }
    }

    /** Keeps a request that was checked. */
    void set(int limit, long value) {
        values.put(limit, value);
    }

    private static long most(int limit) throws DeviceException {
        Long most = MOST.get(limit);
        if (most == null) {
            throw new DeviceException(
                    limit < 0 || limit > LAST ? CudaStatus.INVALID_VALUE : CudaStatus.UNSUPPORTED_LIMIT,
                    "the software device has no limit " + limit
                            + "; it has stack size (0), printf buffer (1) and malloc heap (2)");
        }
        return most;
    }
}
