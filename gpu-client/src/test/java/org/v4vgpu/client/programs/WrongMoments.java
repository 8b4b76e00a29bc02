package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.*;
import static org.v4vgpu.client.programs.Checks.*;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.nvrtc.JNvrtc;
import jcuda.runtime.JCuda;
import org.jspecify.annotations.Nullable;

/**
 * Makes every supported call with right arguments when they are no good: without a current context, in a context that another thread
 * has destroyed, in one that a kernel has broken. The answer must be a status that CUDA documents, and another context must be none the
 * worse. Arguments: SUPPORTED.md. Prints "wrong moments: answered" at its end.
 */
public final class WrongMoments {
    private static final int BROKEN = CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;

    /** What a call without a context, or with handles of one that is gone, may answer. */
    private static final Set<Integer> GONE = Set.of(
            0,
            CUresult.CUDA_ERROR_INVALID_VALUE,
            CUresult.CUDA_ERROR_INVALID_DEVICE,
            CUresult.CUDA_ERROR_INVALID_CONTEXT,
            CUresult.CUDA_ERROR_INVALID_HANDLE,
            CUresult.CUDA_ERROR_FILE_NOT_FOUND,
            CUresult.CUDA_ERROR_NOT_READY,
            CUresult.CUDA_ERROR_PEER_ACCESS_NOT_ENABLED,
            CUresult.CUDA_ERROR_PEER_ACCESS_UNSUPPORTED,
            CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED,
            CUresult.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED,
            CUresult.CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED,
            CUresult.CUDA_ERROR_NOT_FOUND,
            CUresult.CUDA_ERROR_INVALID_IMAGE,
            CUresult.CUDA_ERROR_INVALID_PTX,
            CUresult.CUDA_ERROR_NOT_SUPPORTED);

    /** What needs a context and is told at once what is the matter with it. */
    private static final Set<String> NEEDS_CONTEXT = Set.of(
            "cuCtxSynchronize",
            "cuMemAlloc",
            "cuMemcpyDtoH",
            "cuMemFree",
            "cuMemGetInfo",
            "cuStreamCreate",
            "cuEventCreate");

    /** What is told of a broken context as well. */
    private static final Set<String> TOLD_WHEN_BROKEN = Set.of(
            "cuStreamSynchronize",
            "cuStreamQuery",
            "cuMemcpyDtoH",
            "cudaMalloc",
            "cudaDeviceSynchronize",
            "cudaStreamSynchronize");

    /** What chooses another context than the one that is wrong. */
    private static final Set<String> CHOOSES = Set.of(
            "cuCtxCreate",
            "cuCtxSetCurrent",
            "cuCtxPushCurrent",
            "cuCtxPopCurrent",
            "cudaSetDevice",
            "cudaDeviceReset",
            "cudaThreadExit");

    private final List<ApiCall> calls = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private final OneOfEach bystander = new OneOfEach();

    private WrongMoments(Path supported) throws IOException {
        for (Class<?> owner : List.of(JCudaDriver.class, JCuda.class, JNvrtc.class, JCublas2.class)) {
            calls.addAll(ApiCall.supported(owner, supported));
        }
        // It compiles where there is a compiler, whatever becomes of contexts.
        calls.removeIf(call -> call.name().equals("nvrtcCompileProgram"));
    }

    public static void main(String[] args) throws Exception {
        ok(cuInit(0));
        WrongMoments wrong = new WrongMoments(Path.of(args[0]));
        wrong.withoutContext();
        wrong.destroyedContext();
        wrong.brokenContext();
        that(wrong.failures.isEmpty(), String.join("\n", wrong.failures));
        System.out.println("wrong moments: answered");
    }

    private void withoutContext() {
        OneOfEach good = new OneOfEach();
        for (ApiCall call : calls) {
            forgetContexts();
            Object answer = make(call, good, "without a context", GONE);
            expect(call, "without a context", CUresult.CUDA_ERROR_INVALID_CONTEXT, answer);
            if (call.ends()) {
                forgetContexts();
                good.close();
                good = new OneOfEach();
            }
        }
        isUnharmed();
    }

    private static void forgetContexts() {
        CUcontext current = new CUcontext();
        while (cuCtxPopCurrent(current) == 0) {}
    }

    private void destroyedContext() throws Exception {
        OneOfEach doomed = new OneOfEach();
        FutureTask<Boolean> end = new FutureTask<>(() -> {
            ok(cuCtxDestroy(doomed.context));
            return true;
        });
        Thread.ofPlatform().daemon().start(end);
        that(end.get(), "no end");
        for (ApiCall call : calls) {
            if (!CHOOSES.contains(call.name())) {
                Object answer = make(call, doomed, "in a destroyed context", GONE);
                expect(call, "in a destroyed context", CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED, answer);
            }
        }
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuCtxSetCurrent(doomed.context));
        doomed.close();
        isUnharmed();
    }

    private void brokenContext() {
        OneOfEach broken = new OneOfEach();
        CUfunction fault = new CUfunction();
        ok(cuModuleGetFunction(fault, broken.module, "fault"));
        ok(cuLaunchKernel(fault, 1, 1, 1, 1, 1, 1, 0, null, null, null));
        is(BROKEN, cuCtxSynchronize());
        for (ApiCall call : calls) {
            if (call.ends() || CHOOSES.contains(call.name())) {
                continue;
            }
            Object answer = make(call, broken, "in a broken context", Set.of());
            expect(call, "in a broken context", BROKEN, answer);
            if (TOLD_WHEN_BROKEN.contains(call.name())) {
                is(BROKEN, answer instanceof Integer status ? status : -1);
            }
        }
        broken.close();
        isUnharmed();
    }

    private void expect(ApiCall call, String when, int expected, @Nullable Object answer) {
        if (NEEDS_CONTEXT.contains(call.name()) && !Integer.valueOf(expected).equals(answer)) {
            failures.add(call.name() + " " + when + ": " + answer + " where " + expected + " was expected");
        }
    }

    /** @param documented of a status; with none it may be any that GONE has, or the fault's */
    private @Nullable Object make(ApiCall call, OneOfEach good, String when, Set<Integer> documented) {
        @Nullable Object[] arguments = new Object[call.names().size()];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = good.argument(call, i);
        }
        Object answer;
        try {
            answer = call.with(arguments);
        } catch (RuntimeException e) {
            failures.add(call.name() + " " + when + ": " + e + " at " + e.getStackTrace()[0]);
            return null;
        }
        boolean isStatus = answer instanceof Integer
                && call.name().startsWith("cu")
                && !call.name().startsWith("cublas");
        if (isStatus
                && !documented.contains(answer)
                && !(documented.isEmpty() && (GONE.contains(answer) || answer.equals(BROKEN)))) {
            failures.add(call.name() + " " + when + ": " + answer);
        }
        return answer;
    }

    private void isUnharmed() {
        ok(cuCtxSetCurrent(bystander.context));
        CUdeviceptr memory = allocate(16);
        int[] back = new int[4];
        ok(cuMemsetD32(memory, 42, 4));
        ok(cuLaunchKernel(
                bystander.function, 1, 1, 1, 1, 1, 1, 0, null, Pointer.to(Pointer.to(bystander.memory)), null));
        ok(cuMemcpyDtoH(Pointer.to(back), memory, 16));
        ok(cuMemFree(memory));
        that(back[3] == 42, "a wrong copy in another context");
    }
}
