package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.*;
import static jcuda.runtime.JCuda.*;
import static org.v4vgpu.client.programs.Checks.*;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUjitInputType;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUlinkState;
import jcuda.driver.CUmodule;
import jcuda.driver.CUmoduleLoadingMode;
import jcuda.driver.CUresult;
import jcuda.driver.JITOptions;

/** Modules and launches of the driver API. */
final class ModuleCalls {
    private static final int N = 1000;
    private static final long BYTES = (long) N * Sizeof.FLOAT;

    private ModuleCalls() {}

    static void modules(Path kernels) throws IOException {
        CUmodule module = new CUmodule();
        is(
                CUresult.CUDA_ERROR_FILE_NOT_FOUND,
                cuModuleLoad(module, kernels.resolve("none.ptx").toString()));
        int status = cuModuleLoadData(module, "this is no PTX");
        that(
                status == CUresult.CUDA_ERROR_INVALID_PTX || status == CUresult.CUDA_ERROR_INVALID_IMAGE,
                "no PTX: " + status);
        JITOptions options = new JITOptions();
        options.putBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, new byte[512]);
        options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, 512);
        byte[] wrong = Files.readString(kernels.resolve("vecadd.ptx"))
                .replaceFirst("add\\.(rn\\.)?f32", "addd.f32")
                .getBytes(java.nio.charset.StandardCharsets.UTF_8);
        status = cuModuleLoadDataJIT(module, Pointer.to(wrong), options);
        that(status == CUresult.CUDA_ERROR_INVALID_PTX, "unknown instruction: " + status);
        that(
                options.getString(CUjit_option.CU_JIT_ERROR_LOG_BUFFER).contains("addd"),
                "error log: " + options.getString(CUjit_option.CU_JIT_ERROR_LOG_BUFFER));

        ok(cuModuleLoad(module, kernels.resolve("devfunc.ptx").toString()));
        CUfunction function = new CUfunction();
        is(CUresult.CUDA_ERROR_NOT_FOUND, cuModuleGetFunction(function, module, "nothing"));
        ok(cuModuleGetFunction(function, module, "devfunc"));
        int[] value = new int[1];
        ok(cuFuncGetAttribute(value, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function));
        that(value[0] > 0 && value[0] <= 1024, "threads " + value[0]);
        CUmodule of = new CUmodule();
        ok(cuFuncGetModule(of, function));
        same(module, of);
        CUdeviceptr coefficients = new CUdeviceptr();
        long[] bytes = new long[1];
        ok(cuModuleGetGlobal(coefficients, bytes, module, "coef"));
        that(bytes[0] == 32, "coef " + bytes[0]);
        ok(cuModuleGetGlobal(null, null, module, "coef"));
        ok(cuMemcpyHtoD(coefficients, Pointer.to(new float[8]), 32));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(coefficients, Pointer.to(new float[9]), 36));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFree(coefficients));
        ok(cuModuleUnload(module));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuModuleUnload(module));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuModuleGetFunction(new CUfunction(), module, "devfunc"));
        is(
                CUresult.CUDA_ERROR_INVALID_HANDLE,
                cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, null, Pointer.to(Pointer.to(new int[1])), null));
    }

    static void launches(Path kernels) throws IOException {
        CUfunction function = vecadd(kernels);
        CUdeviceptr a = allocate(BYTES);
        CUdeviceptr b = allocate(BYTES);
        CUdeviceptr c = allocate(BYTES);
        float[] host = new float[N];
        Arrays.fill(host, 2);
        ok(cuMemcpyHtoD(a, Pointer.to(host), BYTES));
        Arrays.fill(host, 40);
        ok(cuMemcpyHtoD(b, Pointer.to(host), BYTES));
        Pointer count = Pointer.to(new int[] {N});
        Pointer parameters = Pointer.to(Pointer.to(a), Pointer.to(b), Pointer.to(c), count);
        ok(cuLaunchKernel(function, 4, 1, 1, 256, 1, 1, 0, null, parameters, null));
        ok(cuMemcpyDtoH(Pointer.to(host), c, BYTES));
        that(host[0] == 42 && host[N - 1] == 42, "vecadd");

        // The same by one block of bytes.
        ok(cuMemsetD32(c, 0, N));
        ByteBuffer block = ByteBuffer.allocate(28).order(ByteOrder.nativeOrder());
        long[] addresses = new long[3];
        CUdeviceptr scratch = allocate(24);
        ok(cuMemcpyHtoD(scratch, Pointer.to(a, b, c), 24));
        ok(cuMemcpyDtoH(Pointer.to(addresses), scratch, 24));
        block.putLong(addresses[0]).putLong(addresses[1]).putLong(addresses[2]).putInt(N);
        Pointer extra = Pointer.to(
                CU_LAUNCH_PARAM_BUFFER_POINTER,
                Pointer.to(block.array()),
                CU_LAUNCH_PARAM_BUFFER_SIZE,
                Pointer.to(new long[] {28}),
                CU_LAUNCH_PARAM_END);
        ok(cuLaunchKernel(function, 4, 1, 1, 256, 1, 1, 0, null, null, extra));
        ok(cuMemcpyDtoH(Pointer.to(host), c, BYTES));
        that(host[0] == 42 && host[N - 1] == 42, "vecadd by extra");

        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(function, 1, 1, 1, 1025, 1, 1, 0, null, parameters, null));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(function, 0, 1, 1, 32, 1, 1, 0, null, parameters, null));
        is(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 1 << 24, null, parameters, null));
        is(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, null, Pointer.to(Pointer.to(a), count), null));
        is(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                cuLaunchKernel(
                        function,
                        1,
                        1,
                        1,
                        1,
                        1,
                        1,
                        0,
                        null,
                        Pointer.to(Pointer.to(a), Pointer.to(b), Pointer.to(c), Pointer.to(new byte[3])),
                        null));
        is(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, null, Pointer.to(a, b, c, count), null));
        is(
                CUresult.CUDA_ERROR_INVALID_HANDLE,
                cuLaunchKernel(new CUfunction(), 1, 1, 1, 1, 1, 1, 0, null, parameters, null));
        ok(cuMemFree(a));
        ok(cuMemFree(b));
        ok(cuMemFree(c));
        ok(cuMemFree(scratch));
        ok(cuCtxSynchronize());
    }

    /** Blocks that wait for each other. */
    static void cooperativeLaunches(Path kernels) {
        int[] can = new int[1];
        ok(cuDeviceGetAttribute(can, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH, device()));
        that(can[0] == 1, "cooperative launches");
        CUmodule module = new CUmodule();
        ok(cuModuleLoad(module, kernels.resolve("full/grid.ptx").toString()));
        CUfunction rotate = new CUfunction();
        ok(cuModuleGetFunction(rotate, module, "grid_rotate"));
        int count = 4 * 32;
        int[] values = new int[count];
        Arrays.setAll(values, i -> i);
        CUdeviceptr a = allocate(4L * count);
        CUdeviceptr b = allocate(4L * count);
        ok(cuMemcpyHtoD(a, Pointer.to(values), 4L * count));
        Pointer parameters = Pointer.to(Pointer.to(a), Pointer.to(b), Pointer.to(new int[] {3}));
        ok(cuLaunchCooperativeKernel(rotate, 4, 1, 1, 32, 1, 1, 0, null, parameters));
        ok(cuMemcpyDtoH(Pointer.to(values), a, 4L * count));
        for (int i = 0; i < count; i++) {
            that(values[i] == (i + 3 * 33) % count + 3, "rotated " + i + ": " + values[i]);
        }
        is(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                cuLaunchCooperativeKernel(rotate, 4, 1, 1, 2048, 1, 1, 0, null, parameters));
        int launched = cuLaunchCooperativeKernel(rotate, 1 << 20, 1, 1, 32, 1, 1, 0, null, parameters);
        int waited = cuCtxSynchronize();
        is(CUresult.CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, Math.max(launched, waited)); // a launch is one-way
        ok(cuCtxSynchronize());
        ok(cuMemFree(a));
        ok(cuMemFree(b));
        ok(cuModuleUnload(module));
    }

    @SuppressWarnings("deprecation") // programs still make these calls
    static void legacyLaunches(Path kernels) throws IOException {
        CUfunction function = vecadd(kernels);
        CUdeviceptr a = allocate(BYTES);
        ok(cuMemsetD32(a, Float.floatToIntBits(21), N));
        ok(cuFuncSetBlockShape(function, 256, 1, 1));
        ok(cuFuncSetSharedSize(function, 0));
        ok(cuParamSetv(function, 0, Pointer.to(a), Sizeof.POINTER));
        ok(cuParamSetv(function, 8, Pointer.to(a), Sizeof.POINTER));
        ok(cuParamSetv(function, 16, Pointer.to(a), Sizeof.POINTER));
        ok(cuParamSetf(function, 24, Float.intBitsToFloat(N)));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuLaunchGrid(function, 4, 1));
        ok(cuParamSetSize(function, 28));
        ok(cuLaunchGrid(function, 4, 1));
        float[] back = new float[N];
        ok(cuMemcpyDtoH(Pointer.to(back), a, BYTES));
        that(back[0] == 42 && back[N - 1] == 42, "cuLaunchGrid");
        ok(cuParamSetf(function, 24, 0));
        ok(cuParamSeti(function, 24, N));
        ok(cuLaunchGridAsync(function, 4, 1, null));
        ok(cuLaunch(function));
        ok(cuMemcpyDtoH(Pointer.to(back), a, BYTES));
        that(back[0] == 168 && back[N - 1] == 84, "cuLaunch " + back[0]);
        ok(cuFuncSetSharedSize(function, 1 << 24));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuLaunch(function));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuFuncSetBlockShape(function, 0, 1, 1));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuParamSetSize(function, -1));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuParamSeti(function, -4, 1));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuLaunch(new CUfunction()));
        ok(cuMemFree(a));
    }

    static void links(Path kernels) throws IOException {
        byte[] ptx = Files.readAllBytes(kernels.resolve("vecadd.ptx"));
        CUlinkState state = new CUlinkState();
        JITOptions options = new JITOptions();
        ok(cuLinkCreate(options, state));
        Pointer image = new Pointer();
        long[] bytes = new long[1];
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuLinkComplete(state, image, bytes));
        int added = cuLinkAddData(
                state, CUjitInputType.CU_JIT_INPUT_PTX, Pointer.to(new byte[] {'x', 0}), 2, "wrong.ptx", options);
        that(added == CUresult.CUDA_ERROR_INVALID_PTX || added == CUresult.CUDA_ERROR_INVALID_IMAGE, "link " + added);
        is(
                CUresult.CUDA_ERROR_NOT_SUPPORTED,
                cuLinkAddFile(state, CUjitInputType.CU_JIT_INPUT_LIBRARY, "libcudadevrt.a", options));
        ok(cuLinkAddData(state, CUjitInputType.CU_JIT_INPUT_PTX, Pointer.to(ptx), ptx.length, "vecadd.ptx", options));
        ok(cuLinkComplete(state, image, bytes));
        that(bytes[0] >= ptx.length, "image of " + bytes[0]);
        CUmodule module = new CUmodule();
        ok(cuModuleLoadDataEx(module, image, 0, new int[0], Pointer.to(new int[0])));
        ok(cuModuleGetFunction(new CUfunction(), module, "vecadd"));
        ok(cuModuleUnload(module));
        ok(cuLinkAddFile(
                state,
                CUjitInputType.CU_JIT_INPUT_PTX,
                kernels.resolve("reduce.ptx").toString(),
                options));
        String needs = ".version 7.0\n.target sm_50\n.address_size 64\n.extern .global .align 4 .u32 answer;\n"
                + ".visible .entry asks(.param .u64 p) { .reg .b32 %r<2>; .reg .b64 %rd<2>; ld.param.u64 %rd1, [p];"
                + " ld.global.u32 %r1, [answer]; st.global.u32 [%rd1], %r1; ret; }\n";
        byte[] asks = needs.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        ok(cuLinkAddData(state, CUjitInputType.CU_JIT_INPUT_PTX, Pointer.to(asks), asks.length, "asks.ptx", options));
        is(CUresult.CUDA_ERROR_INVALID_PTX, cuLinkComplete(state, image, bytes));
        String has = ".version 7.0\n.target sm_50\n.address_size 64\n.visible .global .align 4 .u32 answer = 42;\n";
        byte[] answer = has.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        ok(cuLinkAddData(
                state, CUjitInputType.CU_JIT_INPUT_PTX, Pointer.to(answer), answer.length, "answer.ptx", options));
        ok(cuLinkComplete(state, image, bytes));
        Path saved = Files.createTempFile("linked", ".cubin");
        try {
            byte[] linked = new byte[(int) bytes[0]];
            image.getByteBuffer().get(linked);
            Files.write(saved, linked);
            ok(cuModuleLoad(module, saved.toString()));
            ok(cuModuleUnload(module));
        } finally {
            Files.delete(saved);
        }
        ok(cuModuleLoadDataEx(module, image, 0, new int[0], Pointer.to(new int[0])));
        ok(cuModuleGetFunction(new CUfunction(), module, "vecadd"));
        CUfunction function = new CUfunction();
        ok(cuModuleGetFunction(function, module, "asks"));
        CUdeviceptr word = allocate(4);
        int[] back = new int[1];
        ok(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, null, Pointer.to(Pointer.to(word)), null));
        ok(cuMemcpyDtoH(Pointer.to(back), word, 4));
        that(back[0] == 42, "the other input's variable " + back[0]);
        ok(cuMemFree(word));
        ok(cuLinkDestroy(state));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuLinkDestroy(state));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuLinkComplete(state, image, bytes));
        ok(cuModuleUnload(module));
    }

    static void occupancy(Path kernels) throws IOException {
        CUfunction function = vecadd(kernels);
        int[] blocks = new int[1];
        int[] size = new int[1];
        ok(cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, function, 256, 0));
        that(blocks[0] >= 1 && blocks[0] <= 4, "256 threads " + blocks[0]);
        ok(cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, function, 64, 32 * 1024, 0));
        that(blocks[0] == 7, "32 KiB of 228 " + blocks[0]);
        long[] shared = new long[1];
        ok(cuOccupancyAvailableDynamicSMemPerBlock(shared, function, 2, 64));
        that(shared[0] == 48 * 1024, "available " + shared[0]);
        ok(cuOccupancyMaxPotentialBlockSize(blocks, size, function, null, 0, 0));
        that(size[0] % 32 == 0 && size[0] >= 256 && blocks[0] >= 1, "potential " + size[0]);
        ok(cuOccupancyMaxPotentialBlockSizeWithFlags(blocks, size, function, block -> block * 128L, 0, 512, 0));
        that(size[0] <= 384, "with shared memory " + size[0]);
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, function, -1, 0));

        ok(cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, function, 64, 48 * 1024 + 1));
        that(blocks[0] == 0, "more than is granted " + blocks[0]);

        ok(cuFuncSetCacheConfig(function, 1));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuFuncSetCacheConfig(function, 9));
        ok(cuFuncSetSharedMemConfig(function, 1));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuFuncSetSharedMemConfig(function, 9));
        int dynamic = CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuFuncSetAttribute(function, dynamic, 1 << 24));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuFuncSetAttribute(function, dynamic, -1));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuFuncSetAttribute(function, 99, 0));
        is(
                CUresult.CUDA_ERROR_NOT_SUPPORTED,
                cuFuncSetAttribute(function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS, 8));
        ok(cuFuncSetAttribute(function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, 50));
        dynamicShared(function, dynamic);
        int[] mode = new int[1];
        ok(cuModuleGetLoadingMode(mode));
        that(mode[0] == CUmoduleLoadingMode.CU_MODULE_EAGER_LOADING, "loading mode " + mode[0]);
        is(
                CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU,
                cuModuleLoadFatBinary(new CUmodule(), new byte[] {0x50, (byte) 0xed, 0x55, (byte) 0xba, 1, 0, 16, 0}));
        is(
                CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU,
                cuModuleLoadData(new CUmodule(), new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}));
    }

    /** More dynamic shared memory than launches may ask for anyway, where the device has it. */
    private static void dynamicShared(CUfunction function, int dynamic) {
        int[] most = new int[1];
        ok(cuDeviceGetAttribute(
                most, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, device()));
        int[] before = new int[1];
        ok(cuFuncGetAttribute(before, dynamic, function));
        CUdeviceptr memory = allocate(BYTES);
        Pointer parameters =
                Pointer.to(Pointer.to(memory), Pointer.to(memory), Pointer.to(memory), Pointer.to(new int[] {N}));
        is(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                cuLaunchKernel(function, 4, 1, 1, 256, 1, 1, before[0] + 1, null, parameters, null));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuFuncSetAttribute(function, dynamic, most[0] + 1));
        if (most[0] > before[0]) {
            int[] after = new int[1];
            ok(cuFuncSetAttribute(function, dynamic, most[0]));
            ok(cuFuncGetAttribute(after, dynamic, function));
            that(after[0] == most[0], "dynamic shared memory " + after[0]);
            ok(cuOccupancyMaxActiveBlocksPerMultiprocessor(after, function, 256, most[0]));
            that(after[0] == 1, "a block with all shared memory " + after[0]);
            int[] size = new int[1];
            ok(cuOccupancyMaxPotentialBlockSize(after, size, function, null, most[0], 0));
            that(size[0] >= 256, "potential with all shared memory " + size[0]);
            long[] available = new long[1];
            ok(cuOccupancyAvailableDynamicSMemPerBlock(available, function, 1, 64));
            that(available[0] == most[0], "available " + available[0]);
            ok(cuLaunchKernel(function, 4, 1, 1, 256, 1, 1, most[0], null, parameters, null));
            ok(cuCtxSynchronize());
            ok(cuFuncSetAttribute(function, dynamic, before[0]));
            is(
                    CUresult.CUDA_ERROR_INVALID_VALUE,
                    cuLaunchKernel(function, 4, 1, 1, 256, 1, 1, most[0], null, parameters, null));
        }
        ok(cuMemFree(memory));
    }
}
