package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.*;
import static org.v4vgpu.client.programs.Checks.*;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUmemoryPool;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;
import jcuda.runtime.JCuda;
import jcuda.runtime.cudaStream_t;
import org.jspecify.annotations.Nullable;

/**
 * Makes every supported call with every argument wrong in turn, in every way that {@link WrongValues} knows. The answer must be a
 * status that CUDA documents, or the exception that JCuda throws; nothing may come late; and the context must be none the worse.
 * Arguments: SUPPORTED.md. Prints "wrong arguments: answered" at its end.
 *
 * <p>Unlike JCuda's native code, the bridge takes null for what CUDA gives null a meaning: a default stream, no context, no options.
 */
public final class WrongArguments {
    private static final String RESOURCE = "jcuda-null-parameters.txt";

    /** What the driver and the runtime API say of arguments, and nothing that a context or a device is blamed for. */
    private static final Set<Integer> CUDA =
            Set.of(0, 1, 2, 12, 21, 101, 200, 201, 217, 218, 301, 400, 500, 705, 712, 713, 801);

    private static final Set<Integer> NVRTC = Set.of(0, 3, 4, 5, 8, 9, 10);

    /** Success, NOT_INITIALIZED, INVALID_VALUE, EXECUTION_FAILED. */
    private static final Set<Integer> CUBLAS = Set.of(0, 1, 7, 13);

    /** What may be null, though JCuda says no. */
    private static final Set<String> NULL_HAS_A_MEANING = Set.of(
            "cuCtxSetCurrent ctx",
            "cuCtxPopCurrent pctx",
            "cuCtxGetApiVersion ctx",
            "cuCtxGetId ctx",
            "cuCtxGetStreamPriorityRange leastPriority",
            "cuCtxGetStreamPriorityRange greatestPriority",
            "cudaDeviceGetStreamPriorityRange leastPriority",
            "cudaDeviceGetStreamPriorityRange greatestPriority",
            "cudaFree devPtr",
            "cudaFreeHost ptr");

    private final Map<String, List<String>> refused;
    private final OneOfEach other = new OneOfEach();
    private final OneOfEach gone = new OneOfEach();
    private final List<String> failures = new ArrayList<>();
    private OneOfEach good = new OneOfEach();
    private int made;

    private WrongArguments(Map<String, List<String>> refused) {
        this.refused = refused;
    }

    public static void main(String[] args) throws IOException {
        ok(cuInit(0));
        WrongArguments wrong = new WrongArguments(refused());
        wrong.gone.close();
        for (Class<?> owner : List.of(JCudaDriver.class, JCuda.class, JNvrtc.class, JCublas2.class)) {
            for (ApiCall call : ApiCall.supported(owner, Path.of(args[0]))) {
                wrong.sweep(call);
            }
        }
        wrong.good.close();
        that(wrong.failures.isEmpty(), String.join("\n", wrong.failures));
        that(wrong.made > 3000, "only " + wrong.made);
        System.out.println(wrong.made + " wrong arguments: answered");
    }

    /** JCuda's mandatory parameters, by call. */
    private static Map<String, List<String>> refused() throws IOException {
        Map<String, List<String>> refused = new HashMap<>();
        try (InputStream in = WrongArguments.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IOException("no " + RESOURCE);
            }
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                int colon = line.indexOf(':');
                if (!line.startsWith("#")) {
                    refused.put(
                            line.substring(0, colon),
                            List.of(line.substring(colon + 2).split(" ", -1)));
                }
            }
        }
        return refused;
    }

    private void sweep(ApiCall call) {
        if (call.name().matches("cublasI?[D].*") && !call.name().equals("cublasDestroy")) {
            return; // as that in float
        }
        for (int parameter = 0; parameter < call.names().size(); parameter++) {
            for (String kind :
                    WrongValues.of(call, parameter, good, other, gone).keySet()) {
                make(call, parameter, kind);
            }
        }
        renew();
    }

    private void renew() {
        good.close();
        good = new OneOfEach();
    }

    private void make(ApiCall call, int parameter, String kind) {
        made++;
        ok(cuCtxSetCurrent(good.context));
        @Nullable Object[] arguments = new Object[call.names().size()];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = i == parameter
                    ? WrongValues.of(call, parameter, good, other, gone).get(kind)
                    : good.argument(call, i);
        }
        String what = call.name() + ", " + call.names().get(parameter) + " " + kind + ": ";
        try {
            Object result = call.with(arguments);
            judge(what, call, parameter, kind, result);
            if (call.ends() && Integer.valueOf(0).equals(result)) {
                renew();
            }
        } catch (RuntimeException e) {
            if (!isJCudas(e, call, parameter, kind)) {
                failures.add(what + e + " at " + e.getStackTrace()[0]);
            }
        }
        ok(cuCtxSetCurrent(good.context));
        int late = cuCtxSynchronize();
        if (late != 0) {
            // A batch's matrices are where addresses on the device say, which nobody looks at before.
            if (late != CUresult.CUDA_ERROR_ILLEGAL_ADDRESS || !call.name().endsWith("gemmBatched")) {
                failures.add(what + late + " came late");
            }
            renew();
        }
        isUnharmed(what);
    }

    /** Whether JCuda throws the same. */
    private boolean isJCudas(RuntimeException e, ApiCall call, int parameter, String kind) {
        String message = String.valueOf(e.getMessage());
        if (e instanceof ArrayIndexOutOfBoundsException) {
            return kind.equals("empty");
        }
        if (!(e instanceof NullPointerException) || !kind.equals("null")) {
            return false;
        }
        if (e.getStackTrace()[0].getClassName().startsWith("jcuda.")) {
            return true; // of what JCuda does in Java
        }
        String end = "' is null for " + call.name();
        return isRefused(call, parameter)
                ? message.equals("Parameter '" + call.names().get(parameter) + end)
                : message.startsWith("Parameter '") && message.endsWith(end);
    }

    private boolean isRefused(ApiCall call, int parameter) {
        String name = call.names().get(parameter);
        return refused.getOrDefault(call.name(), List.of()).contains(name)
                && !NULL_HAS_A_MEANING.contains(call.name() + " " + name)
                && !call.type(parameter)
                        .getSimpleName()
                        .toLowerCase(Locale.ROOT)
                        .contains("stream");
    }

    private void judge(String what, ApiCall call, int parameter, String kind, @Nullable Object result) {
        if (!(result instanceof Integer status)) {
            that(result instanceof String, what + result);
            return;
        }
        if (kind.equals("null") && isRefused(call, parameter)) {
            failures.add(what + status + ", where JCuda throws a NullPointerException");
        }
        Set<Integer> documented =
                call.name().startsWith("nvrtc") ? NVRTC : call.name().startsWith("cublas") ? CUBLAS : CUDA;
        if (!documented.contains(status)) {
            failures.add(what + status);
        }
        Class<?> type = call.type(parameter);
        boolean isHandle = NativePointerObject.class.isAssignableFrom(type) && !Pointer.class.isAssignableFrom(type);
        boolean isDefault = kind.equals("never made") || kind.equals("null") || kind.equals("another context's");
        int unknown = call.name().startsWith("cublas") && type == cudaStream_t.class ? 7 : unknown(type);
        if (isHandle && !isDefault && type != CUdevice.class && status != unknown) {
            failures.add(what + status + " where " + unknown + " was expected");
        }
        boolean isNowhere = Set.of("freed", "nowhere", "address -1", "before", "far", "freed host memory")
                .contains(kind);
        if (isNowhere && status == 0 && !call.name().equals("cudaPointerGetAttributes")) {
            failures.add(what + "success");
        }
    }

    private static int unknown(Class<?> type) {
        return type == CUcontext.class
                ? 201
                : type == CUmemoryPool.class
                        ? 1
                        : type == nvrtcProgram.class ? 4 : type == cublasHandle.class ? 1 : 400;
    }

    private void isUnharmed(String what) {
        CUdeviceptr memory = allocate(16);
        int[] back = new int[4];
        ok(cuMemsetD32(memory, made, 4));
        ok(cuMemcpyDtoH(Pointer.to(back), memory, 16));
        ok(cuMemFree(memory));
        that(back[3] == made, what + "a wrong copy afterwards");
    }
}
