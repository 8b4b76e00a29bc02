package org.v4vgpu.client.programs;

import static jcuda.nvrtc.JNvrtc.nvrtcAddNameExpression;
import static jcuda.nvrtc.JNvrtc.nvrtcCompileProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcCreateProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcDestroyProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcGetCUBINSize;
import static jcuda.nvrtc.JNvrtc.nvrtcGetErrorString;
import static jcuda.nvrtc.JNvrtc.nvrtcGetLoweredName;
import static jcuda.nvrtc.JNvrtc.nvrtcGetNumSupportedArchs;
import static jcuda.nvrtc.JNvrtc.nvrtcGetPTX;
import static jcuda.nvrtc.JNvrtc.nvrtcGetPTXSize;
import static jcuda.nvrtc.JNvrtc.nvrtcGetProgramLog;
import static jcuda.nvrtc.JNvrtc.nvrtcGetProgramLogSize;
import static jcuda.nvrtc.JNvrtc.nvrtcGetSupportedArchs;
import static jcuda.nvrtc.JNvrtc.nvrtcVersion;
import static org.v4vgpu.client.programs.Checks.is;
import static org.v4vgpu.client.programs.Checks.ok;
import static org.v4vgpu.client.programs.Checks.same;
import static org.v4vgpu.client.programs.Checks.that;
import static org.v4vgpu.client.programs.Checks.throwsNull;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import jcuda.nvrtc.nvrtcProgram;
import jcuda.nvrtc.nvrtcResult;
import org.jspecify.annotations.Nullable;

/** NVRTC: the calls, and the errors, which are the same whether the server has a compiler or not. */
final class ProgramCalls {
    private static final String HALVE = """
            #include "half.h"
            template <typename T> __global__ void halve(T *x) { x[threadIdx.x] = HALF(x[threadIdx.x]); }
            """;

    private ProgramCalls() {}

    static void programs() {
        same("NVRTC_ERROR_COMPILATION", nvrtcGetErrorString(nvrtcResult.NVRTC_ERROR_COMPILATION));
        throwsNull(
                "Parameter 'src' is null for nvrtcCreateProgram",
                () -> nvrtcCreateProgram(new nvrtcProgram(), null, null, 0, null, null));
        is(nvrtcResult.NVRTC_ERROR_INVALID_INPUT, nvrtcCreateProgram(new nvrtcProgram(), "", null, 1, null, null));
        wrongPrograms();
        int[] major = new int[1];
        int[] minor = new int[1];
        int[] count = new int[1];
        int answer = nvrtcVersion(major, minor);
        is(answer, nvrtcGetNumSupportedArchs(count));
        int[] architectures = new int[count[0]];
        is(answer, nvrtcGetSupportedArchs(architectures));
        if (answer == nvrtcResult.NVRTC_ERROR_BUILTIN_OPERATION_FAILURE) {
            withoutCompiler();
            return;
        }
        ok(answer);
        that(major[0] >= 11, "version " + major[0]);
        that(count[0] > 0 && architectures[0] > 0 && architectures[count[0] - 1] >= architectures[0], "architectures");
        withCompiler();
        wrongSource();
    }

    private static void wrongPrograms() {
        nvrtcProgram unknown = new nvrtcProgram();
        int invalid = nvrtcResult.NVRTC_ERROR_INVALID_PROGRAM;
        is(invalid, nvrtcCompileProgram(unknown, 0, null));
        is(invalid, nvrtcGetPTX(unknown, new String[1]));
        is(invalid, nvrtcGetPTXSize(unknown, new long[1]));
        is(invalid, nvrtcGetCUBINSize(unknown, new long[1]));
        is(invalid, nvrtcGetProgramLog(unknown, new String[1]));
        is(invalid, nvrtcGetProgramLogSize(unknown, new long[1]));
        is(invalid, nvrtcAddNameExpression(unknown, "x"));
        is(invalid, nvrtcGetLoweredName(unknown, "x", new String[1]));
        is(invalid, nvrtcDestroyProgram(unknown));
        nvrtcProgram program = create(HALVE);
        is(invalid, nvrtcGetPTX(program, new String[1]));
        is(
                nvrtcResult.NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION,
                nvrtcGetLoweredName(program, "x", new String[1]));
        is(nvrtcResult.NVRTC_ERROR_INVALID_INPUT, nvrtcCompileProgram(program, 1, null));
        ok(nvrtcDestroyProgram(program));
        is(invalid, nvrtcDestroyProgram(program));
    }

    private static void withoutCompiler() {
        nvrtcProgram program = create(HALVE);
        is(nvrtcResult.NVRTC_ERROR_BUILTIN_OPERATION_FAILURE, nvrtcCompileProgram(program, 0, null));
        String[] log = new String[1];
        ok(nvrtcGetProgramLog(program, log));
        that(log[0].contains("give it PTX"), log[0]);
        System.out.println("no compiler: " + log[0].strip());
    }

    private static void withCompiler() {
        nvrtcProgram program = create(HALVE);
        ok(nvrtcAddNameExpression(program, "halve<float>"));
        ok(nvrtcAddNameExpression(program, "halve<int>"));
        ok(nvrtcCompileProgram(program, 2, new String[] {"-arch=compute_75", "--std=c++17"}));
        is(
                nvrtcResult.NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION,
                nvrtcAddNameExpression(program, "halve<char>"));
        String[] name = new String[1];
        ok(nvrtcGetLoweredName(program, "halve<float>", name));
        same("_Z5halveIfEvPT_", name[0]);
        is(
                nvrtcResult.NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID,
                nvrtcGetLoweredName(program, "halve<char>", new String[1]));
        String[] ptx = new String[1];
        long[] size = new long[1];
        ok(nvrtcGetPTX(program, ptx));
        ok(nvrtcGetPTXSize(program, size));
        is(ptx[0].length() + 1, (int) size[0]);
        ok(nvrtcGetCUBINSize(program, size));
        is(0, (int) size[0]);
        ok(nvrtcGetProgramLogSize(program, size));
        that(size[0] >= 1, "a log of " + size[0] + " bytes");
        ok(nvrtcDestroyProgram(program));

        CUmodule module = new CUmodule();
        ok(JCudaDriver.cuModuleLoadData(module, ptx[0]));
        CUfunction function = new CUfunction();
        ok(JCudaDriver.cuModuleGetFunction(function, module, name[0]));
        float[] values = {1, 2, 3};
        CUdeviceptr memory = Checks.allocate(12);
        ok(JCudaDriver.cuMemcpyHtoD(memory, Pointer.to(values), 12));
        ok(JCudaDriver.cuLaunchKernel(function, 1, 1, 1, 3, 1, 1, 0, null, Pointer.to(Pointer.to(memory)), null));
        ok(JCudaDriver.cuMemcpyDtoH(Pointer.to(values), memory, 12));
        that(values[0] == 0.5f && values[2] == 1.5f, "halves");
        ok(JCudaDriver.cuMemFree(memory));
        ok(JCudaDriver.cuModuleUnload(module));
    }

    private static void wrongSource() {
        nvrtcProgram program = create("__global__ void f() { undeclared(); }\n");
        is(nvrtcResult.NVRTC_ERROR_INVALID_OPTION, nvrtcCompileProgram(program, 1, new String[] {"-I/etc"}));
        is(nvrtcResult.NVRTC_ERROR_COMPILATION, nvrtcCompileProgram(program, 0, null));
        String[] log = new String[1];
        ok(nvrtcGetProgramLog(program, log));
        that(log[0].contains("halve.cu(1)") && log[0].contains("undeclared"), log[0]);
        is(nvrtcResult.NVRTC_ERROR_INVALID_PROGRAM, nvrtcGetPTX(program, new String[1]));
        ok(nvrtcDestroyProgram(program));
    }

    private static nvrtcProgram create(@Nullable String source) {
        nvrtcProgram program = new nvrtcProgram();
        ok(nvrtcCreateProgram(
                program, source, "halve.cu", 1, new String[] {"#define HALF(x) ((x) / 2)\n"}, new String[] {"half.h"}));
        return program;
    }
}
