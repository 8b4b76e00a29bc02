package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasPointerMode;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/** What a cublasHandle names: a context, the stream to work in, modes. Safe for any thread, as a handle of cuBLAS is not. */
final class BlasHandle {
    private final RemoteContext context;
    private final int version;
    private volatile RemoteStream stream;
    private volatile int pointerMode = cublasPointerMode.CUBLAS_POINTER_MODE_HOST;
    private volatile int mathMode;
    private volatile int atomicsMode;

    BlasHandle(RemoteContext context, int version) {
        this.context = context;
        this.version = version;
        this.stream = context.defaultStream();
    }

    /** @throws CudaException NOT_INITIALIZED for one that was never created, or destroyed */
    static BlasHandle of(cublasHandle handle, String call) {
        mandatory(handle, "handle", call);
        try {
            return Handles.find(JCudaFields.handle(handle), BlasHandle.class);
        } catch (CudaException e) {
            throw new CudaException(CudaStatus.NOT_INITIALIZED, "no cuBLAS handle, or destroyed", e);
        }
    }

    RemoteContext context() {
        return context;
    }

    /** Of the server's cuBLAS. */
    int version() {
        return version;
    }

    RemoteStream stream() {
        return stream;
    }

    void use(RemoteStream wanted) {
        stream = wanted;
    }

    boolean isDeviceMode() {
        return pointerMode == cublasPointerMode.CUBLAS_POINTER_MODE_DEVICE;
    }

    int pointerMode() {
        return pointerMode;
    }

    void pointerMode(int mode) {
        pointerMode = mode;
    }

    int mathMode() {
        return mathMode;
    }

    void mathMode(int mode) {
        mathMode = mode;
    }

    int atomicsMode() {
        return atomicsMode;
    }

    void atomicsMode(int mode) {
        atomicsMode = mode;
    }
}
