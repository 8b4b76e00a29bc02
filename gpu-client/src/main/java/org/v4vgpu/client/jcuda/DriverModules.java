package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import java.lang.foreign.MemorySegment;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JITOptions;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.DeviceMemory;
import org.v4vgpu.client.ModuleLoad;
import org.v4vgpu.client.RemoteFunction;
import org.v4vgpu.client.RemoteModule;
import org.v4vgpu.proto.CudaStatus;

/** Modules and functions of the driver API. Safe for any thread. */
final class DriverModules {
    private static final int EAGER_LOADING = 1;
    private static final int MAX_DYNAMIC_SHARED_SIZE_BYTES = 8;
    private static final int PREFERRED_SHARED_MEMORY_CARVEOUT = 9;
    private static final int LAST_FUNCTION_ATTRIBUTE = 15;

    private DriverModules() {}

    static void cuModuleLoad(CUmodule module, String file) {
        mandatory(module, "module", "cuModuleLoad");
        Path path;
        try {
            path = Path.of(mandatory(file, "fname", "cuModuleLoad"));
        } catch (InvalidPathException e) {
            throw new CudaException(CudaStatus.FILE_NOT_FOUND, "no file name: " + file, e);
        }
        CurrentContext.get();
        load(module, MemorySegment.ofArray(ModuleLoad.imageOf(path)), null);
    }

    static void cuModuleLoadData(CUmodule module, byte[] image) {
        mandatory(module, "module", "cuModuleLoadData");
        load(module, MemorySegment.ofArray(mandatory(image, "image", "cuModuleLoadData")), null);
    }

    static void cuModuleLoadFatBinary(CUmodule module, byte[] image) {
        mandatory(module, "module", "cuModuleLoadFatBinary");
        load(module, MemorySegment.ofArray(mandatory(image, "fatCubin", "cuModuleLoadFatBinary")), null);
    }

    static void cuModuleLoadDataEx(CUmodule module, Pointer image, int count, int[] options, Pointer values) {
        mandatory(module, "phMod", "cuModuleLoadDataEx");
        mandatory(image, "p", "cuModuleLoadDataEx");
        mandatory(options, "options", "cuModuleLoadDataEx");
        if (count < 0 || count > options.length) {
            throw new CudaException(CudaStatus.INVALID_VALUE, count + " options");
        }
        @Nullable
        NativePointerObject @Nullable [] elements =
                count == 0 ? null : JCudaFields.pointers(mandatory(values, "optionValues", "cuModuleLoadDataEx"));
        if (count > 0 && (elements == null || elements.length < count)) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "less option values than options");
        }
        load(module, HostPointer.of(image).bytes(), JitLogs.of(count, options, elements));
    }

    static void cuModuleLoadDataJIT(CUmodule module, Pointer image, @Nullable JITOptions options) {
        mandatory(module, "phMod", "cuModuleLoadDataJIT");
        mandatory(image, "p", "cuModuleLoadDataJIT");
        load(module, HostPointer.of(image).bytes(), options == null ? null : JitLogs.of(options));
    }

    private static void load(CUmodule module, MemorySegment image, @Nullable JitLogs logs) {
        ModuleLoad load = LinkedImage.is(image)
                ? CurrentContext.get().tryLinkModule(LinkedImage.inputs(image), JitLogs.WANTED_BYTES)
                : CurrentContext.get().tryLoadModule(ModuleImage.of(image), JitLogs.WANTED_BYTES);
        if (logs != null) {
            logs.deliver(load.infoLog(), load.errorLog());
        }
        JCudaFields.setNativePointer(module, Handles.of(load.orElseThrow()));
    }

    static void cuModuleUnload(CUmodule module) {
        RemoteModule unloaded =
                Handles.remove(JCudaFields.handle(mandatory(module, "hmod", "cuModuleUnload")), RemoteModule.class);
        Handles.forgetFunctionsOf(unloaded);
        unloaded.close();
    }

    static void cuModuleGetLoadingMode(int[] mode) {
        mandatory(mode, "mode", "cuModuleGetLoadingMode")[0] = EAGER_LOADING;
    }

    static void cuModuleGetFunction(CUfunction function, CUmodule module, String name) {
        mandatory(function, "hfunc", "cuModuleGetFunction");
        RemoteModule of = of(module, "cuModuleGetFunction");
        JCudaFields.setNativePointer(function, Handles.of(of.function(mandatory(name, "name", "cuModuleGetFunction"))));
    }

    static void cuModuleGetGlobal(
            @Nullable CUdeviceptr pointer, long @Nullable [] bytes, CUmodule module, String name) {
        DeviceMemory variable = of(module, "cuModuleGetGlobal").global(mandatory(name, "name", "cuModuleGetGlobal"));
        if (pointer != null) {
            JCudaFields.setAddress(pointer, variable.address());
        }
        if (bytes != null) {
            bytes[0] = variable.byteSize();
        }
    }

    static void cuFuncGetAttribute(int[] value, int attribute, CUfunction function) {
        RemoteFunction of = of(function, "func", "cuFuncGetAttribute");
        if (attribute < 0 || attribute > LAST_FUNCTION_ATTRIBUTE) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "function attribute " + attribute);
        }
        Integer known = of.attribute(attribute);
        if (known == null) {
            throw new CudaException(
                    CudaStatus.NOT_SUPPORTED, "the server does not tell function attribute " + attribute);
        }
        mandatory(value, "pi", "cuFuncGetAttribute")[0] = known;
    }

    /** The carveout is a preference, as {@link DriverContexts#cuCtxSetCacheConfig}. */
    static void cuFuncSetAttribute(CUfunction function, int attribute, int value) {
        RemoteFunction of = of(function, "hfunc", "cuFuncSetAttribute");
        switch (attribute) {
            case MAX_DYNAMIC_SHARED_SIZE_BYTES -> of.setMaxDynamicShared(value);
            case PREFERRED_SHARED_MEMORY_CARVEOUT -> {
                if (value < -1 || value > 100) {
                    throw new CudaException(CudaStatus.INVALID_VALUE, "a carveout of " + value + " percent");
                }
            }
            default ->
                throw new CudaException(
                        attribute < 0 || attribute > LAST_FUNCTION_ATTRIBUTE
                                ? CudaStatus.INVALID_VALUE
                                : CudaStatus.NOT_SUPPORTED,
                        "setting function attribute " + attribute + " to " + value);
        }
    }

    /** A preference, as {@link DriverContexts#cuCtxSetCacheConfig}. */
    static void cuFuncSetCacheConfig(CUfunction function, int config) {
        of(function, "hfunc", "cuFuncSetCacheConfig");
        DriverContexts.requireCacheConfig(config);
    }

    /** A preference, as {@link DriverContexts#cuCtxSetSharedMemConfig}. */
    static void cuFuncSetSharedMemConfig(CUfunction function, int config) {
        of(function, "hfunc", "cuFuncSetSharedMemConfig");
        DriverContexts.requireSharedMemoryConfig(config);
    }

    static void cuFuncGetModule(CUmodule module, CUfunction function) {
        RemoteFunction of = of(function, "hfunc", "cuFuncGetModule");
        JCudaFields.setNativePointer(mandatory(module, "hmod", "cuFuncGetModule"), Handles.of(of.module()));
    }

    private static RemoteModule of(CUmodule module, String call) {
        return Handles.find(JCudaFields.handle(mandatory(module, "hmod", call)), RemoteModule.class);
    }

    private static RemoteFunction of(CUfunction function, String parameter, String call) {
        return Handles.find(JCudaFields.handle(mandatory(function, parameter, call)), RemoteFunction.class);
    }
}
