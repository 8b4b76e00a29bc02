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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction.Parameter;
import org.v4vgpu.device.DeviceGlobal;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/**
 * Modules, functions and launches in the current context. Safe for any thread that has one.
 *
 * {@snippet lang = c :
 *   CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count, CUjit_option *options, void **values);
 *   CUresult cuModuleUnload(CUmodule module);
 *   CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name);
 *   CUresult cuModuleGetGlobal_v2(CUdeviceptr *address, size_t *bytes, CUmodule module, const char *name);
 *   CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute, CUfunction function);
 *   CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value);
 *   CUresult cuFuncGetParamInfo(CUfunction function, size_t index, size_t *offset, size_t *bytes);
 *   CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
 *           unsigned blockY, unsigned blockZ, unsigned sharedBytes, CUstream stream, void **parameters, void **extra);
 *   CUresult cuLaunchCooperativeKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ,
 *           unsigned blockX, unsigned blockY, unsigned blockZ, unsigned sharedBytes, CUstream stream, void **parameters);
 * }
 */
final class DriverModules {
    private static final int FUNCTION_ATTRIBUTES = 10;
    private static final int MOST_PARAMETERS = 4096;

    private static final long EXTRA_END = 0;
    private static final long EXTRA_BUFFER = 1;
    private static final long EXTRA_BUFFER_BYTES = 2;

    private static final MethodHandle LOAD = function("cuModuleLoadDataEx", ADDRESS, ADDRESS, INT, ADDRESS, ADDRESS);
    private static final MethodHandle UNLOAD = function("cuModuleUnload", LONG);
    private static final MethodHandle GET_FUNCTION = function("cuModuleGetFunction", ADDRESS, LONG, ADDRESS);
    private static final MethodHandle GET_GLOBAL = function("cuModuleGetGlobal_v2", ADDRESS, ADDRESS, LONG, ADDRESS);
    private static final MethodHandle GET_ATTRIBUTE = function("cuFuncGetAttribute", ADDRESS, INT, LONG);
    private static final MethodHandle PARAMETER = function("cuFuncGetParamInfo", LONG, LONG, ADDRESS, ADDRESS);
    private static final MethodHandle LAUNCH =
            function("cuLaunchKernel", LONG, INT, INT, INT, INT, INT, INT, INT, LONG, ADDRESS, ADDRESS);

    private static final MethodHandle SET_ATTRIBUTE = function("cuFuncSetAttribute", LONG, INT, INT);
    private static final MethodHandle LAUNCH_COOPERATIVELY =
            function("cuLaunchCooperativeKernel", LONG, INT, INT, INT, INT, INT, INT, INT, LONG, ADDRESS);

    private DriverModules() {}

    /**
     * Loads a module.
     *
     * @param image native memory with a NUL behind a text
     * @throws DeviceException the driver's error, with the words of its compiler
     */
    static long load(MemorySegment image) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(LONG);
            JitLog log = new JitLog(arena);
            int result = (int) LOAD.invokeExact(handle, image, JitLog.OPTIONS, log.options(), log.values());
            if (result != 0) {
                throw log.explain(failure("cuModuleLoadDataEx", result));
            }
            return handle.get(LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void unload(long module) throws DeviceException {
        try {
            check("cuModuleUnload", (int) UNLOAD.invokeExact(module));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static long find(long module, String name) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(LONG);
            check("cuModuleGetFunction of " + name, (int)
                    GET_FUNCTION.invokeExact(handle, module, arena.allocateFrom(name)));
            return handle.get(LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static DeviceGlobal global(long module, String name) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(LONG);
            MemorySegment bytes = arena.allocate(LONG);
            check("cuModuleGetGlobal of " + name, (int)
                    GET_GLOBAL.invokeExact(address, bytes, module, arena.allocateFrom(name)));
            return new DeviceGlobal(address.get(LONG, 0), bytes.get(LONG, 0));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** All attributes that this driver knows of the first ten. */
    static Map<Integer, Integer> attributes(long function) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(INT);
            Map<Integer, Integer> attributes = new TreeMap<>();
            for (int attribute = 0; attribute < FUNCTION_ATTRIBUTES; attribute++) {
                int result = (int) GET_ATTRIBUTE.invokeExact(value, attribute, function);
                if (result != CudaStatus.INVALID_VALUE.code()) {
                    check("cuFuncGetAttribute", result);
                    attributes.put(attribute, value.get(INT, 0));
                }
            }
            return Map.copyOf(attributes);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void setAttribute(long function, int attribute, int value) throws DeviceException {
        try {
            check("cuFuncSetAttribute", (int) SET_ATTRIBUTE.invokeExact(function, attribute, value));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Where a function's parameters lie. The driver has no count: it is asked until it refuses. */
    static List<Parameter> parameters(long function) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment offset = arena.allocate(LONG);
            MemorySegment bytes = arena.allocate(LONG);
            List<Parameter> parameters = new ArrayList<>();
            while (parameters.size() < MOST_PARAMETERS) {
                int result = (int) PARAMETER.invokeExact(function, (long) parameters.size(), offset, bytes);
                if (result == CudaStatus.INVALID_VALUE.code()) {
                    break;
                }
                check("cuFuncGetParamInfo", result);
                parameters.add(
                        new Parameter(Math.toIntExact(offset.get(LONG, 0)), Math.toIntExact(bytes.get(LONG, 0))));
            }
            return List.copyOf(parameters);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Launches with parameters in one block, as CU_LAUNCH_PARAM_BUFFER_POINTER has them. */
    static void launch(long function, LaunchShape shape, byte[] parameters, long stream) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment extra = parameters.length == 0 ? MemorySegment.NULL : extra(arena, parameters);
            check("cuLaunchKernel", (int) LAUNCH.invokeExact(
                    function,
                    shape.gridX(),
                    shape.gridY(),
                    shape.gridZ(),
                    shape.blockX(),
                    shape.blockY(),
                    shape.blockZ(),
                    shape.sharedBytes(),
                    stream,
                    MemorySegment.NULL,
                    extra));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** As {@link #launch}, of blocks that wait for each other. The driver takes these parameters one by one. */
    static void launchCooperatively(
            long function, LaunchShape shape, byte[] parameters, List<Parameter> layout, long stream)
            throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(Math.max(1, parameters.length), 16);
            MemorySegment.copy(parameters, 0, block, ValueLayout.JAVA_BYTE, 0, parameters.length);
            MemorySegment each = arena.allocate(LONG, layout.size() + 1L);
            for (int i = 0; i < layout.size(); i++) {
                each.setAtIndex(LONG, i, block.address() + layout.get(i).offset());
            }
            check("cuLaunchCooperativeKernel", (int) LAUNCH_COOPERATIVELY.invokeExact(
                    function,
                    shape.gridX(),
                    shape.gridY(),
                    shape.gridZ(),
                    shape.blockX(),
                    shape.blockY(),
                    shape.blockZ(),
                    shape.sharedBytes(),
                    stream,
                    each));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    private static MemorySegment extra(Arena arena, byte[] parameters) {
        MemorySegment block = arena.allocate(parameters.length, 16);
        MemorySegment.copy(parameters, 0, block, ValueLayout.JAVA_BYTE, 0, parameters.length);
        MemorySegment length = arena.allocateFrom(LONG, parameters.length);
        return arena.allocateFrom(LONG, EXTRA_BUFFER, block.address(), EXTRA_BUFFER_BYTES, length.address(), EXTRA_END);
    }
}
