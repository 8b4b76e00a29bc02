package org.v4vgpu.client.jcuda;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.v4vgpu.proto.CudaStatus;

/** The runtime API's last error, one per thread. Safe for any thread. Source: CUDA runtime API, cudaGetLastError. */
final class LastError {
    private static final ThreadLocal<int[]> CODE = ThreadLocal.withInitial(() -> new int[1]);

    /** Passes a result through and remembers it, if it is an error. */
    static final MethodHandle RECORDER;

    static {
        try {
            RECORDER = MethodHandles.lookup()
                    .findStatic(LastError.class, "record", MethodType.methodType(int.class, int.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private LastError() {}

    static int record(int code) {
        if (code != 0 && code != CudaStatus.NOT_READY.code()) {
            CODE.get()[0] = code;
        }
        return code;
    }

    /** The two calls whose result is the last error, and not one of theirs. */
    static boolean isReader(String call) {
        return call.equals("cudaGetLastError") || call.equals("cudaPeekAtLastError");
    }

    static int peek() {
        return CODE.get()[0];
    }

    /** Takes the error away, unless it stays with its context. */
    static int take() {
        int code = CODE.get()[0];
        if (!new CudaStatus(code).isFatal()) {
            forget();
        }
        return code;
    }

    static void forget() {
        CODE.get()[0] = 0;
    }
}
