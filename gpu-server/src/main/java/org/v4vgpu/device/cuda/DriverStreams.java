package org.v4vgpu.device.cuda;

import static org.v4vgpu.device.cuda.DriverLibrary.ADDRESS;
import static org.v4vgpu.device.cuda.DriverLibrary.INT;
import static org.v4vgpu.device.cuda.DriverLibrary.LONG;
import static org.v4vgpu.device.cuda.DriverLibrary.check;
import static org.v4vgpu.device.cuda.DriverLibrary.failure;
import static org.v4vgpu.device.cuda.DriverLibrary.function;
import static org.v4vgpu.device.cuda.DriverLibrary.rethrow;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/**
 * Streams and events of the current context. Safe for any thread that has one. The stream 0 is the legacy default stream.
 *
 * {@snippet lang = c :
 *   CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned flags, int priority);
 *   CUresult cuStreamDestroy_v2(CUstream stream);
 *   CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags);
 *   CUresult cuLaunchHostFunc(CUstream stream, CUhostFn function, void *data);
 *   CUresult cuEventCreate(CUevent *event, unsigned flags);
 *   CUresult cuEventDestroy_v2(CUevent event);
 *   CUresult cuEventRecord(CUevent event, CUstream stream);
 *   CUresult cuEventQuery(CUevent event);
 *   CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end);
 * }
 */
final class DriverStreams {
    private static final MethodHandle CREATE = function("cuStreamCreateWithPriority", ADDRESS, INT, INT);
    private static final MethodHandle DESTROY = function("cuStreamDestroy_v2", LONG);
    private static final MethodHandle WAIT_EVENT = function("cuStreamWaitEvent", LONG, LONG, INT);
    private static final MethodHandle HOST_FUNCTION = function("cuLaunchHostFunc", LONG, ADDRESS, LONG);
    private static final MethodHandle CREATE_EVENT = function("cuEventCreate", ADDRESS, INT);
    private static final MethodHandle DESTROY_EVENT = function("cuEventDestroy_v2", LONG);
    private static final MethodHandle RECORD = function("cuEventRecord", LONG, LONG);
    private static final MethodHandle QUERY = function("cuEventQuery", LONG);
    private static final MethodHandle ELAPSED = function("cuEventElapsedTime", ADDRESS, LONG, LONG);

    private DriverStreams() {}

    static long create(int flags, int priority) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(LONG);
            check("cuStreamCreateWithPriority", (int) CREATE.invokeExact(handle, flags, priority));
            return handle.get(LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** What was enqueued still runs. */
    static void destroy(long stream) throws DeviceException {
        try {
            check("cuStreamDestroy", (int) DESTROY.invokeExact(stream));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void waitEvent(long stream, long event) throws DeviceException {
        try {
            check("cuStreamWaitEvent", (int) WAIT_EVENT.invokeExact(stream, event, 0));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Enqueues a call of native code on a thread of the driver. */
    static void hostFunction(long stream, MemorySegment function, long data) throws DeviceException {
        try {
            check("cuLaunchHostFunc", (int) HOST_FUNCTION.invokeExact(stream, function, data));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static long createEvent(int flags) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(LONG);
            check("cuEventCreate", (int) CREATE_EVENT.invokeExact(handle, flags));
            return handle.get(LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void destroyEvent(long event) throws DeviceException {
        try {
            check("cuEventDestroy", (int) DESTROY_EVENT.invokeExact(event));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void record(long event, long stream) throws DeviceException {
        try {
            check("cuEventRecord", (int) RECORD.invokeExact(event, stream));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Whether what was recorded is done. Any other error than NOT_READY may be one of the work before it. */
    static boolean isDone(long event) throws DeviceException {
        try {
            int result = (int) QUERY.invokeExact(event);
            if (result != 0 && result != CudaStatus.NOT_READY.code()) {
                throw failure("cuEventQuery", result);
            }
            return result == 0;
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static float elapsedMillis(long start, long end) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(ValueLayout.JAVA_FLOAT);
            check("cuEventElapsedTime", (int) ELAPSED.invokeExact(value, start, end));
            return value.get(ValueLayout.JAVA_FLOAT, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }
}
