package org.v4vgpu.device;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.BlasOperation;

/** A context's linear algebra, as cuBLAS has it. Safe for any thread. */
public interface DeviceBlas {
    /** Which cuBLAS it is, or keeps to. Source: cublasGetVersion, 10000 * major + 100 * minor + patch. */
    int version();

    /**
     * Enqueues an operation in a stream. Arguments are checked now, the memory that pointers on the device name when it runs.
     *
     * @param result where the result goes that the operation does not put on the device: a double, or null. Written when the
     *     operation is done
     * @throws DeviceException INVALID_VALUE for wrong sizes and for ranges that are not inside one live allocation each; what a
     *     library says, as {@link org.v4vgpu.proto.BlasStatus}
     */
    void enqueue(DeviceStream stream, BlasOperation operation, @Nullable MemorySegment result) throws DeviceException;
}
