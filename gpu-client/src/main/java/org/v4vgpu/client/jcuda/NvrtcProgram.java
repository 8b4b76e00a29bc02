package org.v4vgpu.client.jcuda;

import java.util.ArrayList;
import java.util.List;
import jcuda.nvrtc.nvrtcResult;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CompiledProgram;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.KernelProgram;
import org.v4vgpu.client.RemoteDevice;

/** What an nvrtcProgram names: a program, and what has become of it. Safe for any thread. Source: NVRTC documentation, compilation. */
final class NvrtcProgram {
    private final KernelProgram source;

    // Guarded by this.
    private final List<String> nameExpressions = new ArrayList<>();
    private @Nullable CompiledProgram compiled;
    private String log = "";

    NvrtcProgram(KernelProgram source) {
        this.source = source;
    }

    synchronized int addNameExpression(String expression) {
        if (compiled != null) {
            return nvrtcResult.NVRTC_ERROR_NO_NAME_EXPRESSIONS_AFTER_COMPILATION;
        }
        nameExpressions.add(expression);
        return nvrtcResult.NVRTC_SUCCESS;
    }

    /** Compiles it at a device's server. @throws CudaException if that could not even try; the log says why as well */
    synchronized int compile(RemoteDevice device, String... options) {
        try {
            CompiledProgram result = device.compile(
                    source.withOptions(options).withNameExpressions(nameExpressions.toArray(String[]::new)));
            compiled = result;
            log = result.log();
            return result.result();
        } catch (CudaException e) {
            log = e.getMessage() + "\n";
            throw e;
        }
    }

    /** What it has become; null before that. */
    synchronized @Nullable CompiledProgram compiled() {
        return compiled;
    }

    synchronized String log() {
        return log;
    }
}
