package org.v4vgpu.device.software;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;

/**
 * Memory of a {@link SoftwareGpu}. Safe for any thread. Copies take their place among the launches; they return when the bytes have
 * moved. An array or segment that is copied from or to may be shorter than the memory, not longer.
 */
public final class GpuMemory implements AutoCloseable {
    private final DeviceContext context;
    private final long address;
    private final long bytes;
    private final AtomicBoolean freeable;

    private GpuMemory(DeviceContext context, long address, long bytes, boolean freeable) {
        this.context = context;
        this.address = address;
        this.bytes = bytes;
        this.freeable = new AtomicBoolean(freeable);
    }

    GpuMemory(DeviceContext context, long address, long bytes) {
        this(context, address, bytes, true);
    }

    static GpuMemory variable(DeviceContext context, long address, long bytes) {
        return new GpuMemory(context, address, bytes, false);
    }

    /** The device address, as kernels see it. */
    public long address() {
        return address;
    }

    public long bytes() {
        return bytes;
    }

    public void copyFrom(byte[] source) throws DeviceException {
        copyFrom(MemorySegment.ofArray(source));
    }

    public void copyFrom(int[] source) throws DeviceException {
        copyFrom(MemorySegment.ofArray(source));
    }

    public void copyFrom(long[] source) throws DeviceException {
        copyFrom(MemorySegment.ofArray(source));
    }

    public void copyFrom(float[] source) throws DeviceException {
        copyFrom(MemorySegment.ofArray(source));
    }

    public void copyFrom(double[] source) throws DeviceException {
        copyFrom(MemorySegment.ofArray(source));
    }

    /** Copies to the device. @throws DeviceException INVALID_VALUE if it does not fit, or what an earlier kernel did wrong */
    public void copyFrom(MemorySegment source) throws DeviceException {
        if (source.byteSize() > 0) {
            try (DeviceCopy copy = context.defaultStream().copyIn(address, source.byteSize())) {
                move(copy, source);
            }
        }
    }

    public void copyTo(byte[] destination) throws DeviceException {
        copyTo(MemorySegment.ofArray(destination));
    }

    public void copyTo(int[] destination) throws DeviceException {
        copyTo(MemorySegment.ofArray(destination));
    }

    public void copyTo(long[] destination) throws DeviceException {
        copyTo(MemorySegment.ofArray(destination));
    }

    public void copyTo(float[] destination) throws DeviceException {
        copyTo(MemorySegment.ofArray(destination));
    }

    public void copyTo(double[] destination) throws DeviceException {
        copyTo(MemorySegment.ofArray(destination));
    }

    /** Copies to the host. @throws DeviceException INVALID_VALUE if there is not so much, or what an earlier kernel did wrong */
    public void copyTo(MemorySegment destination) throws DeviceException {
        if (destination.byteSize() > 0) {
            try (DeviceCopy copy = context.defaultStream().copyOut(address, destination.byteSize())) {
                move(copy, destination);
            }
        }
    }

    /** Sets every byte, after what was enqueued before; returns once that is enqueued. */
    public void fill(byte value) throws DeviceException {
        DeviceStream stream = context.defaultStream();
        stream.fill(address, 1, value, bytes);
        SoftwareGpu.awaitSpace(stream);
    }

    /** Frees the memory after what was enqueued before. Idempotent. @throws DeviceException what an earlier kernel did wrong */
    @Override
    public void close() throws DeviceException {
        if (freeable.compareAndSet(true, false)) {
            context.free(address);
        }
    }

    private static void move(DeviceCopy copy, MemorySegment host) throws DeviceException {
        while (!copy.await(Long.MAX_VALUE)) {
            Thread.onSpinWait();
        }
        copy.transfer(0, host);
    }
}
