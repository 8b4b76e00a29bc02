package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.*;
import static jcuda.runtime.JCuda.*;
import static org.v4vgpu.client.programs.Checks.*;

import java.util.Arrays;
import jcuda.JCudaVersion;
import jcuda.LogLevel;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUctx_flags;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUdevprop;
import jcuda.driver.CUlimit;
import jcuda.driver.CUresult;
import jcuda.driver.CUuuid;
import jcuda.driver.JCudaDriver;

/** Initialisation, errors, devices and contexts of the driver API. */
final class DeviceCalls {
    private DeviceCalls() {}

    static void beforeInit() {
        is(CUresult.CUDA_ERROR_NOT_INITIALIZED, cuDeviceGetCount(new int[1]));
        is(CUresult.CUDA_ERROR_NOT_INITIALIZED, cuMemAlloc(new CUdeviceptr(), 16));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuInit(1));
        ok(cuInit(0));
        JCudaDriver.setLogLevel(LogLevel.LOG_QUIET);
        that(JCudaVersion.isAvailable(), "JCudaVersion.isAvailable");
        int[] version = new int[1];
        ok(cuDriverGetVersion(version));
        that(version[0] >= 11000, "driver version " + version[0]);
        String[] text = new String[1];
        ok(cuGetErrorName(700, text));
        same("CUDA_ERROR_ILLEGAL_ADDRESS", text[0]);
        ok(cuGetErrorString(1, text));
        same("invalid argument", text[0]);
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuGetErrorName(123456, text));
    }

    @SuppressWarnings("deprecation") // programs still make these calls
    static void devices() {
        int[] count = new int[1];
        ok(cuDeviceGetCount(count));
        that(count[0] == 1, "devices " + count[0]);
        is(CUresult.CUDA_ERROR_INVALID_DEVICE, cuDeviceGet(new CUdevice(), 7));
        byte[] name = new byte[8];
        ok(cuDeviceGetName(name, name.length, device()));
        that(name[0] != 0 && name[7] == 0, "name " + Arrays.toString(name));
        CUuuid uuid = new CUuuid();
        ok(cuDeviceGetUuid(uuid, device()));
        that(uuid.bytes.length == 16 && !Arrays.equals(uuid.bytes, new byte[16]), Arrays.toString(uuid.bytes));
        long[] bytes = new long[1];
        ok(cuDeviceTotalMem(bytes, device()));
        that(bytes[0] > 1 << 20, "memory " + bytes[0]);
        int[] value = new int[1];
        ok(cuDeviceGetAttribute(value, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE, device()));
        that(value[0] == 32, "warp " + value[0]);
        ok(cuDeviceGetAttribute(value, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY, device()));
        that(value[0] == 0, "zero copy");
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuDeviceGetAttribute(value, 9999, device()));
        int[] minor = new int[1];
        ok(cuDeviceComputeCapability(value, minor, device()));
        that(value[0] >= 5, "compute capability " + value[0]);
        CUdevprop properties = new CUdevprop();
        ok(cuDeviceGetProperties(properties, device()));
        that(properties.maxThreadsPerBlock == 1024 && properties.maxGridSize[1] == 65535, properties.toString());
    }

    static void contexts() {
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuCtxSynchronize());
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuCtxGetDevice(new CUdevice()));
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuProfilerStart());
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuProfilerStop());
        CUcontext first = new CUcontext();
        CUcontext second = new CUcontext();
        ok(cuCtxCreate(first, 0, device()));
        ok(cuCtxCreate(second, 0, device()));
        CUcontext current = new CUcontext();
        ok(cuCtxGetCurrent(current));
        same(second, current);
        ok(cuCtxPopCurrent(current));
        same(second, current);
        ok(cuCtxGetCurrent(current));
        same(first, current);
        ok(cuCtxPushCurrent(second));
        ok(cuCtxSetCurrent(first));
        ok(cuCtxGetCurrent(current));
        same(first, current);
        CUdevice device = new CUdevice();
        ok(cuCtxGetDevice(device));
        same(device(), device);
        ok(cuCtxSynchronize());
        ok(cuCtxDestroy(second));
        ok(cuCtxGetCurrent(current));
        same(first, current);
        ok(cuCtxDestroy(first));
        ok(cuCtxSetCurrent(null));
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuCtxPushCurrent(first));

        CUcontext primary = new CUcontext();
        CUcontext again = new CUcontext();
        ok(cuDevicePrimaryCtxRetain(primary, device()));
        ok(cuDevicePrimaryCtxRetain(again, device()));
        same(primary, again);
        int[] active = new int[1];
        ok(cuDevicePrimaryCtxGetState(device(), new int[1], active));
        that(active[0] == 1, "active");
        ok(cuDevicePrimaryCtxRelease(device()));
        ok(cuDevicePrimaryCtxRelease(device()));
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuDevicePrimaryCtxRelease(device()));
        ok(cuDevicePrimaryCtxGetState(device(), new int[1], active));
        that(active[0] == 0, "not active");
    }

    /** With a current context. */
    static void settings() {
        int[] value = {9};
        ok(cuCtxGetFlags(value));
        that(value[0] == 0, "flags " + value[0]);
        ok(cuCtxGetApiVersion(null, value));
        that(value[0] >= 3010, "API version " + value[0]);
        ok(cuCtxSetCacheConfig(1));
        value[0] = 9;
        ok(cuCtxGetCacheConfig(value));
        that(value[0] == 0, "cache configuration " + value[0]);
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuCtxSetCacheConfig(9));
        ok(cuCtxSetSharedMemConfig(1));
        ok(cuCtxGetSharedMemConfig(value));
        that(value[0] == 1, "banks " + value[0]);
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuCtxSetSharedMemConfig(3));
        long[] limit = new long[1];
        ok(cuCtxSetLimit(CUlimit.CU_LIMIT_STACK_SIZE, 2048));
        ok(cuCtxGetLimit(limit, CUlimit.CU_LIMIT_STACK_SIZE));
        that(limit[0] >= 2048, "stack " + limit[0]);
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuCtxSetLimit(CUlimit.CU_LIMIT_STACK_SIZE, 1L << 50));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuCtxGetLimit(limit, 99));
        long[] id = new long[1];
        ok(cuCtxGetId(null, id));
        that(id[0] != 0, "context id");
        ok(cuProfilerStart());
        ok(cuProfilerStop());
        String[] bus = new String[1];
        ok(cuDeviceGetPCIBusId(bus, 32, device()));
        that(bus[0].matches("[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\\.0"), bus[0]);
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuDeviceGetPCIBusId(bus, 4, device()));
        CUdevice there = new CUdevice();
        ok(cuDeviceGetByPCIBusId(there, bus[0]));
        same(device(), there);
        is(CUresult.CUDA_ERROR_INVALID_DEVICE, cuDeviceGetByPCIBusId(there, "ffff:ff:1f.0"));
        primaryContext();
        for (int code : new int[] {0, 34, 215, 217, 705, 712, 801, 912, 999}) {
            String[] text = new String[1];
            ok(cuGetErrorString(code, text));
            that(text[0] != null && !text[0].startsWith("CUDA_"), code + " " + text[0]);
        }
    }

    private static void primaryContext() {
        int[] flags = new int[1];
        int[] active = new int[1];
        ok(cuDevicePrimaryCtxSetFlags(device(), CUctx_flags.CU_CTX_SCHED_BLOCKING_SYNC));
        ok(cuDevicePrimaryCtxGetState(device(), flags, active));
        that(flags[0] == CUctx_flags.CU_CTX_SCHED_BLOCKING_SYNC && active[0] == 0, "flags " + flags[0]);
        ok(cuDevicePrimaryCtxSetFlags(device(), 0));
        CUcontext primary = new CUcontext();
        ok(cuDevicePrimaryCtxRetain(primary, device()));
        ok(cuDevicePrimaryCtxReset(device()));
        ok(cuDevicePrimaryCtxGetState(device(), flags, active));
        that(flags[0] == 0 && active[0] == 0, "active after a reset");
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuCtxPushCurrent(primary));
        ok(cuDevicePrimaryCtxRelease(device()));
    }

    /** Two contexts stand for two devices: each has memory of its own. */
    static void peers() {
        int[] value = {7};
        ok(cuDeviceCanAccessPeer(value, device(), device()));
        that(value[0] == 0, "peer access");
        is(CUresult.CUDA_ERROR_INVALID_DEVICE, cuDeviceGetP2PAttribute(value, 1, device(), device()));
        CUcontext here = new CUcontext();
        ok(cuCtxGetCurrent(here));
        CUdeviceptr mine = allocate(64);
        ok(cuMemsetD8(mine, (byte) 5, 64));
        CUcontext there = new CUcontext();
        ok(cuCtxCreate(there, 0, device()));
        CUdeviceptr theirs = allocate(64);
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuCtxEnablePeerAccess(there, 0));
        is(CUresult.CUDA_ERROR_PEER_ACCESS_UNSUPPORTED, cuCtxEnablePeerAccess(here, 0));
        is(CUresult.CUDA_ERROR_PEER_ACCESS_NOT_ENABLED, cuCtxDisablePeerAccess(here));
        byte[] bytes = new byte[64];
        ok(cuMemcpyPeer(theirs, there, mine, here, 64));
        ok(cuMemcpyDtoH(Pointer.to(bytes), theirs, 64));
        that(bytes[0] == 5 && bytes[63] == 5, "copy between contexts");
        ok(cuMemsetD8(theirs, (byte) 6, 64));
        ok(cuMemcpyPeerAsync(mine, here, theirs, there, 32, null));
        ok(cuMemcpyDtoH(Pointer.to(bytes), mine, 64));
        that(bytes[0] == 6 && bytes[63] == 5, "asynchronous copy between contexts");
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyPeer(theirs, there, mine, here, 65));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyPeer(theirs, there, mine, here, -1));
        ok(cuMemcpy(theirs, mine, 64));
        ok(cuMemcpyDtoH(Pointer.to(bytes), theirs, 64));
        that(bytes[0] == 6 && bytes[63] == 5, "unified copy between contexts");
        ok(cuCtxDestroy(there));
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuMemcpyPeer(theirs, there, mine, here, 64));
        ok(cuMemFree(mine));
    }
}
