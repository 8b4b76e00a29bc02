package org.v4vgpu.client.jcuda;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.proto.CudaStatus;

/** The runtime API's last error, one per thread. Safe for any thread. Source: CUDA runtime API, cudaGetLastError. */
final class LastError {
    private static final ThreadLocal<@Nullable LastError> LAST = new ThreadLocal<>();

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

    private final int code;

    /** The one that the failed call worked in. */
    private final @Nullable RemoteContext context;

    /** Whether the program was told. */
    private boolean taken;

    private LastError(int code, @Nullable RemoteContext context) {
        this.code = code;
        this.context = context;
    }

    static int record(int code) {
        if (code != 0 && code != CudaStatus.NOT_READY.code()) {
            LAST.set(new LastError(code, CurrentContext.peek()));
        }
        return code;
    }

    /** The two calls whose result is the last error, and not one of theirs. */
    static boolean isReader(String call) {
        return call.equals("cudaGetLastError") || call.equals("cudaPeekAtLastError");
    }

    static int peek() {
        LastError last = LAST.get();
        if (last != null && last.taken && !last.stays()) {
            forget();
            return 0;
        }
        return last == null ? 0 : last.code;
    }

    /** Takes the error away, unless it stays with its context: then it comes again until that is destroyed, by whatever thread. */
    static int take() {
        int code = peek();
        LastError last = LAST.get();
        if (last != null) {
            last.taken = true;
            if (!last.stays()) {
                forget();
            }
        }
        return code;
    }

    static void forget() {
        LAST.remove();
    }

    /** Whether the error is its context's. That a context was destroyed is none of the next one's. */
    private boolean stays() {
        CudaStatus status = new CudaStatus(code);
        return status.isFatal()
                && !status.equals(CudaStatus.CONTEXT_IS_DESTROYED)
                && context != null
                && context.isOpen();
    }
}
