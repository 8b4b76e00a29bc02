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
import org.v4vgpu.device.HostRows;
import org.v4vgpu.device.MemoryInfo;
import org.v4vgpu.proto.CudaStatus;

/**
 * Device memory, registered host memory, copies and fills, in the current context. Safe for any thread that has one.
 *
 * {@snippet lang = c :
 *   CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes);
 *   CUresult cuMemFree_v2(CUdeviceptr address);
 *   CUresult cuMemGetInfo_v2(size_t *free, size_t *total);
 *   CUresult cuMemHostRegister_v2(void *address, size_t bytes, unsigned flags);
 *   CUresult cuMemHostUnregister(void *address);
 *   CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr destination, const void *source, size_t bytes, CUstream stream);
 *   CUresult cuMemcpyDtoHAsync_v2(void *destination, CUdeviceptr source, size_t bytes, CUstream stream);
 *   CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr destination, CUdeviceptr source, size_t bytes, CUstream stream);
 *   CUresult cuMemcpyPeerAsync(CUdeviceptr destination, CUcontext to, CUdeviceptr source, CUcontext from, size_t bytes, CUstream stream);
 *   CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D *copy, CUstream stream);
 *   CUresult cuMemsetD8Async(CUdeviceptr destination, unsigned char value, size_t count, CUstream stream);
 *   CUresult cuMemsetD16Async(CUdeviceptr destination, unsigned short value, size_t count, CUstream stream);
 *   CUresult cuMemsetD32Async(CUdeviceptr destination, unsigned value, size_t count, CUstream stream);
 * }
 */
final class DriverMemory {
    /** CU_MEMHOSTREGISTER_PORTABLE: registered for all contexts. */
    private static final int PORTABLE = 1;

    private static final MethodHandle ALLOCATE = function("cuMemAlloc_v2", ADDRESS, LONG);
    private static final MethodHandle FREE = function("cuMemFree_v2", LONG);
    private static final MethodHandle INFO = function("cuMemGetInfo_v2", ADDRESS, ADDRESS);
    private static final MethodHandle REGISTER = function("cuMemHostRegister_v2", LONG, LONG, INT);
    private static final MethodHandle UNREGISTER = function("cuMemHostUnregister", LONG);
    private static final MethodHandle COPY_IN = function("cuMemcpyHtoDAsync_v2", LONG, LONG, LONG, LONG);
    private static final MethodHandle COPY_OUT = function("cuMemcpyDtoHAsync_v2", LONG, LONG, LONG, LONG);
    private static final MethodHandle COPY = function("cuMemcpyDtoDAsync_v2", LONG, LONG, LONG, LONG);
    private static final MethodHandle COPY_PEER = function("cuMemcpyPeerAsync", LONG, LONG, LONG, LONG, LONG, LONG);
    // The value of one and two bytes is passed in a whole register.
    private static final MethodHandle FILL_8 = function("cuMemsetD8Async", LONG, INT, LONG, LONG);
    private static final MethodHandle FILL_16 = function("cuMemsetD16Async", LONG, INT, LONG, LONG);
    private static final MethodHandle FILL_32 = function("cuMemsetD32Async", LONG, INT, LONG, LONG);

    private static final MethodHandle COPY_ROWS = function("cuMemcpy2DAsync_v2", ADDRESS, LONG);

    // CUDA_MEMCPY2D: where things are for the source, and how much further for the destination.
    private static final long ROWS_BYTES = 128;
    private static final long ROWS_TO = 56;
    private static final long ROWS_MEMORY_TYPE = 16;
    private static final long ROWS_HOST = 24;
    private static final long ROWS_DEVICE = 32;
    private static final long ROWS_PITCH = 48;
    private static final long ROWS_WIDTH = 112;
    private static final long ROWS_HEIGHT = 120;
    private static final int HOST_MEMORY = 1;
    private static final int DEVICE_MEMORY = 2;

    private DriverMemory() {}

    static long allocate(long bytes) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(LONG);
            check("cuMemAlloc of " + bytes + " bytes", (int) ALLOCATE.invokeExact(address, bytes));
            return address.get(LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Waits for all work of the context. */
    static void free(long address) throws DeviceException {
        try {
            check("cuMemFree", (int) FREE.invokeExact(address));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static MemoryInfo info() throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment free = arena.allocate(LONG);
            MemorySegment total = arena.allocate(LONG);
            check("cuMemGetInfo", (int) INFO.invokeExact(free, total));
            return new MemoryInfo(free.get(LONG, 0), total.get(LONG, 0));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Pins host memory for DMA from and to it, in all contexts. */
    static void register(long address, long bytes) throws DeviceException {
        try {
            check("cuMemHostRegister of " + bytes + " bytes", (int) REGISTER.invokeExact(address, bytes, PORTABLE));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void unregister(long address) throws DeviceException {
        try {
            check("cuMemHostUnregister", (int) UNREGISTER.invokeExact(address));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Enqueues a copy from host memory, which stays as it is until the copy is done. */
    static void copyIn(long destination, long source, long bytes, long stream) throws DeviceException {
        try {
            check("cuMemcpyHtoDAsync", (int) COPY_IN.invokeExact(destination, source, bytes, stream));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Enqueues a copy to host memory. */
    static void copyOut(long destination, long source, long bytes, long stream) throws DeviceException {
        try {
            check("cuMemcpyDtoHAsync", (int) COPY_OUT.invokeExact(destination, source, bytes, stream));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void copy(long destination, long source, long bytes, long stream) throws DeviceException {
        try {
            check("cuMemcpyDtoDAsync", (int) COPY.invokeExact(destination, source, bytes, stream));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Enqueues a copy from one context to another; the stream is the current context's. */
    static void copyBetween(long to, long destination, long from, long source, long bytes, long stream)
            throws DeviceException {
        try {
            check("cuMemcpyPeerAsync", (int) COPY_PEER.invokeExact(destination, to, source, from, bytes, stream));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Enqueues a copy of rows from or to host memory, which stays as it is until the copy is done. */
    static void copyRows(HostRows rows, long stream) throws DeviceException {
        if (rows.rows() == 1) {
            if (rows.toHost()) {
                copyOut(rows.host().address(), rows.address(), rows.bytes(), stream);
            } else {
                copyIn(rows.address(), rows.host().address(), rows.bytes(), stream);
            }
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(ROWS_BYTES, Long.BYTES);
            long host = rows.toHost() ? ROWS_TO : 0;
            long device = ROWS_TO - host;
            copy.set(INT, host + ROWS_MEMORY_TYPE, HOST_MEMORY);
            copy.set(LONG, host + ROWS_HOST, rows.host().address());
            copy.set(LONG, host + ROWS_PITCH, rows.hostPitch());
            copy.set(INT, device + ROWS_MEMORY_TYPE, DEVICE_MEMORY);
            copy.set(LONG, device + ROWS_DEVICE, rows.address());
            copy.set(LONG, device + ROWS_PITCH, rows.devicePitch());
            copy.set(LONG, ROWS_WIDTH, rows.bytes());
            copy.set(LONG, ROWS_HEIGHT, rows.rows());
            check("cuMemcpy2DAsync", (int) COPY_ROWS.invokeExact(copy, stream));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void fill(long destination, int elementBytes, int value, long elements, long stream) throws DeviceException {
        try {
            switch (elementBytes) {
                case 1 ->
                    check("cuMemsetD8Async", (int) FILL_8.invokeExact(destination, value & 0xff, elements, stream));
                case 2 ->
                    check("cuMemsetD16Async", (int) FILL_16.invokeExact(destination, value & 0xffff, elements, stream));
                case 4 -> check("cuMemsetD32Async", (int) FILL_32.invokeExact(destination, value, elements, stream));
                default ->
                    throw new DeviceException(
                            CudaStatus.INVALID_VALUE, "fill with elements of " + elementBytes + " bytes");
            }
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }
}
