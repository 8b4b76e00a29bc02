package org.v4vgpu.device.cuda;

import static org.v4vgpu.device.cuda.DriverLibrary.ADDRESS;
import static org.v4vgpu.device.cuda.DriverLibrary.INT;
import static org.v4vgpu.device.cuda.DriverLibrary.LONG;
import static org.v4vgpu.device.cuda.DriverLibrary.check;
import static org.v4vgpu.device.cuda.DriverLibrary.function;
import static org.v4vgpu.device.cuda.DriverLibrary.rethrow;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.v4vgpu.device.DeviceException;

/**
 * Pools of device memory, from which is allocated in the order of streams of the current context. Safe for any thread that has one. Pools
 * belong to no context: who makes one destroys it, and frees first what it gave.
 *
 * {@snippet lang = c :
 *   CUresult cuMemPoolCreate(CUmemoryPool *pool, const CUmemPoolProps *properties);
 *   CUresult cuMemPoolDestroy(CUmemoryPool pool);
 *   CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t minimumBytes);
 *   CUresult cuMemAllocFromPoolAsync(CUdeviceptr *address, size_t bytes, CUmemoryPool pool, CUstream stream);
 *   CUresult cuMemFreeAsync(CUdeviceptr address, CUstream stream);
 * }
 */
final class DriverPools {
    // CUmemPoolProps: int allocType, handleTypes; struct { int type, id; } location; and what stays 0.
    private static final long PROPERTIES_BYTES = 88;
    private static final long LOCATION_TYPE = 8;
    private static final long LOCATION_ID = 12;
    private static final int PINNED = 1;
    private static final int OF_DEVICE = 1;

    private static final MethodHandle CREATE = function("cuMemPoolCreate", ADDRESS, ADDRESS);
    private static final MethodHandle DESTROY = function("cuMemPoolDestroy", LONG);
    private static final MethodHandle TRIM = function("cuMemPoolTrimTo", LONG, LONG);
    private static final MethodHandle ALLOCATE = function("cuMemAllocFromPoolAsync", ADDRESS, LONG, LONG, LONG);
    private static final MethodHandle FREE = function("cuMemFreeAsync", LONG, LONG);

    private DriverPools() {}

    static long create(int device) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment properties = arena.allocate(PROPERTIES_BYTES, Long.BYTES);
            properties.set(INT, 0, PINNED);
            properties.set(INT, LOCATION_TYPE, OF_DEVICE);
            properties.set(INT, LOCATION_ID, device);
            MemorySegment pool = arena.allocate(LONG);
            check("cuMemPoolCreate", (int) CREATE.invokeExact(pool, properties));
            return pool.get(LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void destroy(long pool) throws DeviceException {
        try {
            check("cuMemPoolDestroy", (int) DESTROY.invokeExact(pool));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Gives the device back what the pool holds and nobody uses, also in the order of streams. */
    static void trim(long pool) throws DeviceException {
        try {
            check("cuMemPoolTrimTo", (int) TRIM.invokeExact(pool, 0L));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static long allocate(long bytes, long pool, long stream) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(LONG);
            check("cuMemAllocFromPoolAsync of " + bytes + " bytes", (int)
                    ALLOCATE.invokeExact(address, bytes, pool, stream));
            return address.get(LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void free(long address, long stream) throws DeviceException {
        try {
            check("cuMemFreeAsync", (int) FREE.invokeExact(address, stream));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }
}
