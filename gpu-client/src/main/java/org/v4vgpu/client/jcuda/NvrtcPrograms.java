package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jcuda.nvrtc.nvrtcProgram;
import jcuda.nvrtc.nvrtcResult;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CompiledProgram;
import org.v4vgpu.client.CompilerDescription;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.KernelProgram;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteDevice;
import org.v4vgpu.proto.CudaStatus;

/**
 * NVRTC: programs are kept here and compiled by one call at the server of the current context, or else of the first device. Safe for any
 * thread. It needs no context, and cuInit no more than NVRTC does.
 */
final class NvrtcPrograms {
    private static final String DEFAULT_NAME = "default_program";

    private NvrtcPrograms() {}

    static int nvrtcVersion(int[] major, int[] minor) {
        mandatory(major, "major", "nvrtcVersion");
        mandatory(minor, "minor", "nvrtcVersion");
        CompilerDescription compiler = device().compiler();
        major[0] = compiler.majorVersion();
        minor[0] = compiler.minorVersion();
        return nvrtcResult.NVRTC_SUCCESS;
    }

    static int nvrtcGetNumSupportedArchs(int[] count) {
        mandatory(count, "numArchs", "nvrtcGetNumSupportedArchs");
        count[0] = device().compiler().architectures().size();
        return nvrtcResult.NVRTC_SUCCESS;
    }

    static int nvrtcGetSupportedArchs(int[] architectures) {
        mandatory(architectures, "supportedArchs", "nvrtcGetSupportedArchs");
        List<Integer> supported = device().compiler().architectures();
        for (int i = 0; i < Math.min(architectures.length, supported.size()); i++) {
            architectures[i] = supported.get(i);
        }
        return nvrtcResult.NVRTC_SUCCESS;
    }

    static String nvrtcGetErrorString(int result) {
        return nvrtcResult.stringFor(result);
    }

    static int nvrtcCreateProgram(
            nvrtcProgram program,
            String text,
            @Nullable String name,
            int headerCount,
            @Nullable String @Nullable [] headers,
            @Nullable String @Nullable [] includeNames) {
        mandatory(program, "prog", "nvrtcCreateProgram");
        mandatory(text, "src", "nvrtcCreateProgram");
        List<String> contents = first(headers, headerCount, "headers", "nvrtcCreateProgram");
        List<String> names = first(includeNames, headerCount, "includeNames", "nvrtcCreateProgram");
        if (contents == null || names == null) {
            return nvrtcResult.NVRTC_ERROR_INVALID_INPUT;
        }
        Map<String, String> texts = new LinkedHashMap<>();
        for (int i = 0; i < headerCount; i++) {
            texts.put(names.get(i), contents.get(i));
        }
        KernelProgram source =
                KernelProgram.of(name == null ? DEFAULT_NAME : name, text).withHeaders(texts);
        JCudaFields.setNativePointer(program, Handles.of(new NvrtcProgram(source)));
        return nvrtcResult.NVRTC_SUCCESS;
    }

    static int nvrtcDestroyProgram(nvrtcProgram program) {
        mandatory(program, "prog", "nvrtcDestroyProgram");
        if (find(program, "nvrtcDestroyProgram") == null) {
            return nvrtcResult.NVRTC_ERROR_INVALID_PROGRAM;
        }
        Handles.remove(JCudaFields.handle(program), NvrtcProgram.class);
        JCudaFields.setNativePointer(program, 0);
        return nvrtcResult.NVRTC_SUCCESS;
    }

    static int nvrtcCompileProgram(nvrtcProgram program, int optionCount, @Nullable String @Nullable [] options) {
        NvrtcProgram found = find(program, "nvrtcCompileProgram");
        if (found == null) {
            return nvrtcResult.NVRTC_ERROR_INVALID_PROGRAM;
        }
        List<String> wanted = first(options, optionCount, "options", "nvrtcCompileProgram");
        return wanted == null
                ? nvrtcResult.NVRTC_ERROR_INVALID_INPUT
                : found.compile(device(), wanted.toArray(String[]::new));
    }

    static int nvrtcGetPTXSize(nvrtcProgram program, long[] size) {
        mandatory(size, "ptxSizeRet", "nvrtcGetPTXSize");
        CompiledProgram compiled = compiled(program, "nvrtcGetPTXSize");
        if (compiled == null || !compiled.isSuccess()) {
            return nvrtcResult.NVRTC_ERROR_INVALID_PROGRAM;
        }
        size[0] = sizeOf(compiled.ptx());
        return nvrtcResult.NVRTC_SUCCESS;
    }

    static int nvrtcGetPTX(nvrtcProgram program, @Nullable String[] ptx) {
        mandatory(ptx, "ptx", "nvrtcGetPTX");
        CompiledProgram compiled = compiled(program, "nvrtcGetPTX");
        if (compiled == null || !compiled.isSuccess()) {
            return nvrtcResult.NVRTC_ERROR_INVALID_PROGRAM;
        }
        ptx[0] = compiled.ptx();
        return nvrtcResult.NVRTC_SUCCESS;
    }

    /** Programs become PTX only, so that the size of a cubin is what NVRTC says for a virtual architecture. */
    static int nvrtcGetCUBINSize(nvrtcProgram program, long[] size) {
        mandatory(size, "cubinSizeRet", "nvrtcGetCUBINSize");
        if (compiled(program, "nvrtcGetCUBINSize") == null) {
            return nvrtcResult.NVRTC_ERROR_INVALID_PROGRAM;
        }
        size[0] = 0;
        return nvrtcResult.NVRTC_SUCCESS;
    }

    static int nvrtcGetProgramLogSize(nvrtcProgram program, long[] size) {
        mandatory(size, "logSizeRet", "nvrtcGetProgramLogSize");
        NvrtcProgram found = find(program, "nvrtcGetProgramLogSize");
        if (found == null) {
            return nvrtcResult.NVRTC_ERROR_INVALID_PROGRAM;
        }
        size[0] = sizeOf(found.log());
        return nvrtcResult.NVRTC_SUCCESS;
    }

    static int nvrtcGetProgramLog(nvrtcProgram program, @Nullable String[] log) {
        mandatory(log, "log", "nvrtcGetProgramLog");
        NvrtcProgram found = find(program, "nvrtcGetProgramLog");
        if (found == null) {
            return nvrtcResult.NVRTC_ERROR_INVALID_PROGRAM;
        }
        log[0] = found.log();
        return nvrtcResult.NVRTC_SUCCESS;
    }

    static int nvrtcAddNameExpression(nvrtcProgram program, String expression) {
        mandatory(expression, "name_expression", "nvrtcAddNameExpression");
        NvrtcProgram found = find(program, "nvrtcAddNameExpression");
        return found == null ? nvrtcResult.NVRTC_ERROR_INVALID_PROGRAM : found.addNameExpression(expression);
    }

    static int nvrtcGetLoweredName(nvrtcProgram program, String expression, @Nullable String[] loweredName) {
        mandatory(expression, "name_expression", "nvrtcGetLoweredName");
        mandatory(loweredName, "lowered_name", "nvrtcGetLoweredName");
        if (find(program, "nvrtcGetLoweredName") == null) {
            return nvrtcResult.NVRTC_ERROR_INVALID_PROGRAM;
        }
        CompiledProgram compiled = compiled(program, "nvrtcGetLoweredName");
        if (compiled == null) {
            return nvrtcResult.NVRTC_ERROR_NO_LOWERED_NAMES_BEFORE_COMPILATION;
        }
        String name = compiled.loweredNames().get(expression);
        if (name == null) {
            return nvrtcResult.NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID;
        }
        loweredName[0] = name;
        return nvrtcResult.NVRTC_SUCCESS;
    }

    /** What NVRTC comes nearest to a failure of the server with. */
    static int resultOf(CudaException e) {
        return switch (e.status().code()) {
            case 1 -> nvrtcResult.NVRTC_ERROR_INVALID_INPUT;
            case 2 -> nvrtcResult.NVRTC_ERROR_OUT_OF_MEMORY;
            case 801 -> nvrtcResult.NVRTC_ERROR_BUILTIN_OPERATION_FAILURE;
            default -> nvrtcResult.NVRTC_ERROR_INTERNAL_ERROR;
        };
    }

    /** @throws CudaException DEVICE_UNAVAILABLE if there is no server, NO_DEVICE if it has none */
    private static RemoteDevice device() {
        RemoteContext current = CurrentContext.peek();
        if (current != null && current.isOpen()) {
            return current.device();
        }
        List<RemoteDevice> devices = Gpu.open().devices();
        if (devices.isEmpty()) {
            throw new CudaException(CudaStatus.NO_DEVICE, "the server has no device");
        }
        return devices.getFirst();
    }

    /** The first strings of an array, none of which may be null; null if it has not so many. */
    private static @Nullable List<String> first(
            @Nullable String @Nullable [] array, int count, String parameter, String call) {
        if (count < 0 || count > (array == null ? 0 : array.length)) {
            return null;
        }
        List<String> strings = new ArrayList<>();
        for (int i = 0; array != null && i < count; i++) {
            strings.add(mandatory(array[i], parameter, call));
        }
        return strings;
    }

    private static @Nullable NvrtcProgram find(nvrtcProgram program, String call) {
        mandatory(program, "prog", call);
        try {
            return Handles.find(JCudaFields.handle(program), NvrtcProgram.class);
        } catch (CudaException e) {
            return null;
        }
    }

    private static @Nullable CompiledProgram compiled(nvrtcProgram program, String call) {
        NvrtcProgram found = find(program, call);
        return found == null ? null : found.compiled();
    }

    /** With the NUL behind it. */
    private static long sizeOf(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length + 1L;
    }
}
