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
 * Contexts and their limits. Limits are the current context's; the rest is safe for any thread.
 *
 * {@snippet lang = c :
 *   CUresult cuCtxCreate_v2(CUcontext *context, unsigned flags, CUdevice device);
 *   CUresult cuCtxPopCurrent_v2(CUcontext *context);
 *   CUresult cuCtxSetCurrent(CUcontext context);
 *   CUresult cuCtxSynchronize(void);
 *   CUresult cuCtxDestroy_v2(CUcontext context);
 *   CUresult cuCtxGetLimit(size_t *value, CUlimit limit);
 *   CUresult cuCtxSetLimit(CUlimit limit, size_t value);
 * }
 */
final class DriverContexts {
    private static final MethodHandle CREATE = function("cuCtxCreate_v2", ADDRESS, INT, INT);
    private static final MethodHandle POP = function("cuCtxPopCurrent_v2", ADDRESS);
    private static final MethodHandle SET_CURRENT = function("cuCtxSetCurrent", LONG);
    private static final MethodHandle SYNCHRONIZE = function("cuCtxSynchronize");
    private static final MethodHandle DESTROY = function("cuCtxDestroy_v2", LONG);
    private static final MethodHandle GET_LIMIT = function("cuCtxGetLimit", ADDRESS, INT);
    private static final MethodHandle SET_LIMIT = function("cuCtxSetLimit", INT, LONG);

    private DriverContexts() {}

    /** Creates a context that is no thread's current one. */
    static long create(int flags, int device) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(LONG);
            check("cuCtxCreate", (int) CREATE.invokeExact(handle, flags, device));
            check("cuCtxPopCurrent", (int) POP.invokeExact(arena.allocate(LONG)));
            return handle.get(LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void setCurrent(long context) throws DeviceException {
        try {
            check("cuCtxSetCurrent", (int) SET_CURRENT.invokeExact(context));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Waits for everything that the current context has. */
    static void synchronize() throws DeviceException {
        try {
            check("cuCtxSynchronize", (int) SYNCHRONIZE.invokeExact());
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Waits for what runs in it. */
    static void destroy(long context) throws DeviceException {
        try {
            check("cuCtxDestroy", (int) DESTROY.invokeExact(context));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static long limit(int limit) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(LONG);
            check("cuCtxGetLimit", (int) GET_LIMIT.invokeExact(value, limit));
            return value.get(LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void setLimit(int limit, long value) throws DeviceException {
        try {
            check("cuCtxSetLimit", (int) SET_LIMIT.invokeExact(limit, value));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }
}
