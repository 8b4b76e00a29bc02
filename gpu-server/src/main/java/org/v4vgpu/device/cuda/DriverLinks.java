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
import java.lang.invoke.MethodHandle;
import java.util.List;
import org.v4vgpu.device.DeviceException;

/**
 * The driver's linker, in the current context. Safe for any thread that has one.
 *
 * {@snippet lang = c :
 *   CUresult cuLinkCreate_v2(unsigned count, CUjit_option *options, void **values, CUlinkState *state);
 *   CUresult cuLinkAddData_v2(CUlinkState state, CUjitInputType type, void *data, size_t bytes, const char *name,
 *           unsigned count, CUjit_option *options, void **values);
 *   CUresult cuLinkComplete(CUlinkState state, void **cubin, size_t *bytes);
 *   CUresult cuLinkDestroy(CUlinkState state);
 * }
 */
final class DriverLinks {
    private static final MethodHandle CREATE = function("cuLinkCreate_v2", INT, ADDRESS, ADDRESS, ADDRESS);
    private static final MethodHandle ADD =
            function("cuLinkAddData_v2", LONG, INT, ADDRESS, LONG, ADDRESS, INT, ADDRESS, ADDRESS);
    private static final MethodHandle COMPLETE = function("cuLinkComplete", LONG, ADDRESS, ADDRESS);
    private static final MethodHandle DESTROY = function("cuLinkDestroy", LONG);

    private DriverLinks() {}

    /**
     * Links images and loads the result.
     *
     * @param images checked ones
     * @throws DeviceException the driver's error, with the words of its linker
     */
    static long link(List<MemorySegment> images) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            JitLog log = new JitLog(arena);
            MemorySegment handle = arena.allocate(LONG);
            check("cuLinkCreate", (int) CREATE.invokeExact(JitLog.OPTIONS, log.options(), log.values(), handle));
            long state = handle.get(LONG, 0);
            try {
                return link(state, images, log, arena);
            } finally {
                check("cuLinkDestroy", (int) DESTROY.invokeExact(state));
            }
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** The result belongs to the linker: it is loaded before that goes. */
    private static long link(long state, List<MemorySegment> images, JitLog log, Arena arena) throws Throwable {
        for (MemorySegment image : images) {
            int result = (int) ADD.invokeExact(
                    state,
                    CudaImage.inputType(image),
                    image,
                    image.byteSize(),
                    MemorySegment.NULL,
                    0,
                    MemorySegment.NULL,
                    MemorySegment.NULL);
            if (result != 0) {
                throw log.explain(failure("cuLinkAddData", result));
            }
        }
        MemorySegment cubin = arena.allocate(LONG);
        int result = (int) COMPLETE.invokeExact(state, cubin, arena.allocate(LONG));
        if (result != 0) {
            throw log.explain(failure("cuLinkComplete", result));
        }
        return DriverModules.load(MemorySegment.ofAddress(cubin.get(LONG, 0)));
    }
}
