package org.v4vgpu.device.cuda;

import static org.v4vgpu.device.cuda.DriverLibrary.ADDRESS;
import static org.v4vgpu.device.cuda.DriverLibrary.INT;
import static org.v4vgpu.device.cuda.DriverLibrary.LONG;
import static org.v4vgpu.device.cuda.DriverLibrary.check;
import static org.v4vgpu.device.cuda.DriverLibrary.function;
import static org.v4vgpu.device.cuda.DriverLibrary.rethrow;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.util.UUID;
import org.v4vgpu.device.DeviceException;

/**
 * The driver and its devices. Safe for any thread; no context is needed.
 *
 * {@snippet lang = c :
 *   CUresult cuInit(unsigned flags);
 *   CUresult cuDriverGetVersion(int *version);
 *   CUresult cuDeviceGetCount(int *count);
 *   CUresult cuDeviceGet(CUdevice *device, int ordinal);
 *   CUresult cuDeviceGetName(char *name, int length, CUdevice device);
 *   CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device);
 *   CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device);
 *   CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device);
 * }
 */
final class DriverDevices {
    private static final int NAME_BYTES = 256;
    private static final ValueLayout.OfLong BIG_LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final MethodHandle INIT = function("cuInit", INT);
    private static final MethodHandle VERSION = function("cuDriverGetVersion", ADDRESS);
    private static final MethodHandle COUNT = function("cuDeviceGetCount", ADDRESS);
    private static final MethodHandle GET = function("cuDeviceGet", ADDRESS, INT);
    private static final MethodHandle GET_NAME = function("cuDeviceGetName", ADDRESS, INT, INT);
    private static final MethodHandle GET_UUID = function("cuDeviceGetUuid_v2", ADDRESS, INT);
    private static final MethodHandle TOTAL_MEMORY = function("cuDeviceTotalMem_v2", ADDRESS, INT);
    private static final MethodHandle ATTRIBUTE = function("cuDeviceGetAttribute", ADDRESS, INT, INT);

    private DriverDevices() {}

    static void init() throws DeviceException {
        try {
            check("cuInit", (int) INIT.invokeExact(0));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** 1000 * major + 10 * minor of the newest CUDA that the driver serves. Works before {@link #init}. */
    static int version() throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(INT);
            check("cuDriverGetVersion", (int) VERSION.invokeExact(value));
            return value.get(INT, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static int count() throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(INT);
            check("cuDeviceGetCount", (int) COUNT.invokeExact(value));
            return value.get(INT, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** The CUdevice of an ordinal. */
    static int get(int ordinal) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(INT);
            check("cuDeviceGet", (int) GET.invokeExact(value, ordinal));
            return value.get(INT, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static String name(int device) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(NAME_BYTES);
            check("cuDeviceGetName", (int) GET_NAME.invokeExact(text, NAME_BYTES - 1, device));
            return text.getString(0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static UUID uuid(int device) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(2 * Long.BYTES);
            check("cuDeviceGetUuid_v2", (int) GET_UUID.invokeExact(bytes, device));
            return new UUID(bytes.get(BIG_LONG, 0), bytes.get(BIG_LONG, Long.BYTES));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static long totalBytes(int device) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(LONG);
            check("cuDeviceTotalMem_v2", (int) TOTAL_MEMORY.invokeExact(value, device));
            return value.get(LONG, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static int attribute(int attribute, int device) throws DeviceException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(INT);
            check("cuDeviceGetAttribute", (int) ATTRIBUTE.invokeExact(value, attribute, device));
            return value.get(INT, 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }
}
