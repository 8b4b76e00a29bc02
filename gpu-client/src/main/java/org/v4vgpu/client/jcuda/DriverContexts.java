package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteDevice;
import org.v4vgpu.proto.CudaStatus;

/** Contexts of the driver API: the calling thread's stack of them, and the primary ones. Safe for any thread. */
final class DriverContexts {
    /** What cuCtxGetApiVersion says of contexts made by cuCtxCreate_v2. */
    private static final int API_VERSION = 3020;

    /** How the host waits: by one of these bits, or as the driver thinks best. */
    private static final int SCHEDULING_FLAGS = 7;

    /** CU_CTX_FLAGS_MASK. */
    private static final int KNOWN_FLAGS = 0xFF;

    private static final int LAST_CACHE_CONFIG = 3;
    private static final int LAST_SHARED_MEMORY_CONFIG = 2;

    /** CU_SHARED_MEM_CONFIG_FOUR_BYTE_BANK_SIZE. */
    static final int FOUR_BYTE_BANKS = 1;

    private DriverContexts() {}

    static void cuCtxCreate(CUcontext context, int flags, CUdevice device) {
        mandatory(context, "pctx", "cuCtxCreate");
        RemoteDevice of = DriverDevices.of(device, "cuCtxCreate");
        requireFlags(flags);
        RemoteContext created = of.createContext(flags);
        CurrentContext.push(created);
        JCudaFields.setNativePointer(context, Handles.of(created));
    }

    static void cuCtxDestroy(CUcontext context) {
        RemoteContext destroyed = of(mandatory(context, "ctx", "cuCtxDestroy"));
        if (Gpu.primary(destroyed.device()).is(destroyed)) {
            throw new CudaException(CudaStatus.INVALID_CONTEXT, "the primary context is released, not destroyed");
        }
        try {
            PrimaryContext.destroy(destroyed);
        } finally {
            CurrentContext.dropDestroyed();
        }
    }

    static void cuCtxPushCurrent(CUcontext context) {
        CurrentContext.push(of(mandatory(context, "ctx", "cuCtxPushCurrent")));
    }

    static void cuCtxPopCurrent(@Nullable CUcontext context) {
        RemoteContext popped = CurrentContext.pop();
        if (context != null) {
            JCudaFields.setNativePointer(context, Handles.of(popped));
        }
    }

    static void cuCtxSetCurrent(@Nullable CUcontext context) {
        Gpu.initialized();
        CurrentContext.set(JCudaFields.handle(context) == 0 ? null : of(context));
    }

    static void cuCtxGetCurrent(CUcontext context) {
        Gpu.initialized();
        RemoteContext current = CurrentContext.peek();
        JCudaFields.setNativePointer(
                mandatory(context, "pctx", "cuCtxGetCurrent"), current == null ? 0 : Handles.of(current));
    }

    static void cuCtxGetDevice(CUdevice device) {
        JCudaFields.setNativePointer(
                mandatory(device, "device", "cuCtxGetDevice"),
                CurrentContext.get().device().ordinal());
    }

    static void cuCtxGetFlags(int[] flags) {
        mandatory(flags, "flags", "cuCtxGetFlags")[0] = CurrentContext.get().flags();
    }

    static void cuCtxGetApiVersion(@Nullable CUcontext context, int[] version) {
        if (JCudaFields.handle(context) != 0) {
            of(context);
        } else {
            CurrentContext.get();
        }
        mandatory(version, "version", "cuCtxGetApiVersion")[0] = API_VERSION;
    }

    static void cuCtxSynchronize() {
        Streams.synchronize(CurrentContext.get());
    }

    /** A preference, which CUDA leaves to the driver; on this device caches and shared memory are apart. */
    static void cuCtxSetCacheConfig(int config) {
        CurrentContext.get();
        requireCacheConfig(config);
    }

    static void cuCtxGetCacheConfig(int[] config) {
        CurrentContext.get();
        mandatory(config, "config", "cuCtxGetCacheConfig")[0] = 0;
    }

    /** As the cache configuration: banks of 4 bytes are the only ones, and asking for others changes nothing. */
    static void cuCtxSetSharedMemConfig(int config) {
        CurrentContext.get();
        requireSharedMemoryConfig(config);
    }

    static void cuCtxGetSharedMemConfig(int[] config) {
        CurrentContext.get();
        mandatory(config, "pConfig", "cuCtxGetSharedMemConfig")[0] = FOUR_BYTE_BANKS;
    }

    static void requireSharedMemoryConfig(int config) {
        if (config < 0 || config > LAST_SHARED_MEMORY_CONFIG) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "shared memory configuration " + config);
        }
    }

    static void cuCtxSetLimit(int limit, long value) {
        CurrentContext.get().setLimit(limit, value);
    }

    static void cuCtxGetLimit(long[] value, int limit) {
        mandatory(value, "pValue", "cuCtxGetLimit")[0] = CurrentContext.get().limit(limit);
    }

    static void cuCtxGetId(@Nullable CUcontext context, long[] id) {
        mandatory(id, "ctxId", "cuCtxGetId")[0] =
                Handles.of(JCudaFields.handle(context) == 0 ? CurrentContext.get() : of(context));
    }

    static void requireCacheConfig(int config) {
        if (config < 0 || config > LAST_CACHE_CONFIG) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "cache configuration " + config);
        }
    }

    static void cuDevicePrimaryCtxRetain(CUcontext context, CUdevice device) {
        mandatory(context, "pctx", "cuDevicePrimaryCtxRetain");
        RemoteDevice of = DriverDevices.of(device, "cuDevicePrimaryCtxRetain");
        JCudaFields.setNativePointer(context, Handles.of(Gpu.primary(of).retain()));
    }

    static void cuDevicePrimaryCtxRelease(CUdevice device) {
        Gpu.primary(DriverDevices.of(device, "cuDevicePrimaryCtxRelease")).release();
    }

    static void cuDevicePrimaryCtxReset(CUdevice device) {
        Gpu.primary(DriverDevices.of(device, "cuDevicePrimaryCtxReset")).reset();
    }

    static void cuDevicePrimaryCtxSetFlags(CUdevice device, int flags) {
        PrimaryContext primary = Gpu.primary(DriverDevices.of(device, "cuDevicePrimaryCtxSetFlags"));
        requireFlags(flags);
        primary.setFlags(flags);
    }

    static void cuDevicePrimaryCtxGetState(CUdevice device, int[] flags, int[] active) {
        PrimaryContext primary = Gpu.primary(DriverDevices.of(device, "cuDevicePrimaryCtxGetState"));
        mandatory(flags, "flags", "cuDevicePrimaryCtxGetState")[0] = primary.flags();
        mandatory(active, "active", "cuDevicePrimaryCtxGetState")[0] = primary.isActive() ? 1 : 0;
    }

    /** The runtime API has the same flags. */
    static void requireFlags(int flags) {
        if ((flags & ~KNOWN_FLAGS) != 0 || Integer.bitCount(flags & SCHEDULING_FLAGS) > 1) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "context flags " + flags);
        }
    }

    static RemoteContext of(@Nullable CUcontext context) {
        Gpu.initialized();
        return Handles.find(JCudaFields.handle(context), RemoteContext.class);
    }
}
