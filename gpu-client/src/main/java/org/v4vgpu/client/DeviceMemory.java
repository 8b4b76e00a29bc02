package org.v4vgpu.client;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.MemFreeRequest;
import org.v4vgpu.proto.MemcpyDtoDRequest;
import org.v4vgpu.proto.MemcpyDtoHRequest;
import org.v4vgpu.proto.MemcpyHtoDRequest;
import org.v4vgpu.proto.MemsetRequest;

/**
 * Device memory: an allocation, a module's variable, or a {@linkplain #slice range} of one. Safe for any thread. Who allocated it
 * closes it; closing a slice or a variable does nothing, they end with what they belong to.
 *
 * <p>Copies to the device and fills return once their bytes are taken: the source may be reused at once. Copies to the host
 * return with the bytes. Bytes are those of the platform, little-endian. Every copy is checked here: beyond the end, or in
 * memory that was freed, is {@code CUDA_ERROR_INVALID_VALUE} at once.
 *
 * {@snippet :
 *   memory.copyFrom(new float[] {1, 2, 3});
 *   memory.slice(4, 4).copyTo(second);      // one float, the second
 * }
 */
public final class DeviceMemory implements AutoCloseable {
    private final RemoteContext context;
    private final long address;
    private final long bytes;
    private final boolean freeable;

    /** What this is a part of; itself, if it is whole. */
    private final DeviceMemory whole;

    private DeviceMemory(RemoteContext context, long address, long bytes, boolean freeable) {
        this.context = context;
        this.address = address;
        this.bytes = bytes;
        this.freeable = freeable;
        this.whole = this;
    }

    private DeviceMemory(DeviceMemory whole, long address, long bytes) {
        this.context = whole.context;
        this.address = address;
        this.bytes = bytes;
        this.freeable = false;
        this.whole = whole;
    }

    static DeviceMemory allocated(RemoteContext context, long address, long bytes) {
        return new DeviceMemory(context, address, bytes, true);
    }

    static DeviceMemory variable(RemoteContext context, long address, long bytes) {
        return new DeviceMemory(context, address, bytes, false);
    }

    /** The device address, to be passed to kernels. */
    public long address() {
        return address;
    }

    public long byteSize() {
        return bytes;
    }

    public RemoteContext context() {
        return context;
    }

    /** Whether it was not freed yet. */
    public boolean isOpen() {
        return context.allocations().at(whole.address) == whole;
    }

    /** Whether closing it frees device memory: an allocation, neither a slice nor a module's variable. */
    public boolean isAllocation() {
        return freeable;
    }

    /**
     * A range of this memory.
     *
     * @throws CudaException INVALID_VALUE if the range is empty or leaves this memory
     */
    public DeviceMemory slice(long offset, long bytes) {
        if (bytes <= 0 || offset < 0 || offset > this.bytes || bytes > this.bytes - offset) {
            throw CudaException.invalidValue("a range of " + bytes + " bytes from " + offset + " on leaves the "
                    + this.bytes + " bytes at 0x" + Long.toHexString(address));
        }
        return new DeviceMemory(whole, address + offset, bytes);
    }

    // ---- to the device

    public void copyFrom(byte[] source) {
        copyFrom(MemorySegment.ofArray(source));
    }

    public void copyFrom(short[] source) {
        copyFrom(MemorySegment.ofArray(source));
    }

    public void copyFrom(char[] source) {
        copyFrom(MemorySegment.ofArray(source));
    }

    public void copyFrom(int[] source) {
        copyFrom(MemorySegment.ofArray(source));
    }

    public void copyFrom(long[] source) {
        copyFrom(MemorySegment.ofArray(source));
    }

    public void copyFrom(float[] source) {
        copyFrom(MemorySegment.ofArray(source));
    }

    public void copyFrom(double[] source) {
        copyFrom(MemorySegment.ofArray(source));
    }

    /** Copies a segment of the heap or of native memory to the beginning of this memory. */
    public void copyFrom(MemorySegment source) {
        copyFrom(source, context.defaultStream());
    }

    /** Copies in the order of a stream. The source may be reused when this returns. */
    public void copyFrom(MemorySegment source, RemoteStream stream) {
        requireRoom(source.byteSize());
        context.lane().post(Call.MEMCPY_HTOD, copyIn(stream), source);
    }

    /** As {@link #copyFrom(MemorySegment)}, and waits until the bytes are on the device. */
    public void copyFromAndWait(MemorySegment source) {
        requireRoom(source.byteSize());
        context.lane().call(Call.MEMCPY_HTOD, copyIn(context.defaultStream()), source);
    }

    // ---- to the host

    public void copyTo(byte[] destination) {
        copyTo(MemorySegment.ofArray(destination));
    }

    public void copyTo(short[] destination) {
        copyTo(MemorySegment.ofArray(destination));
    }

    public void copyTo(char[] destination) {
        copyTo(MemorySegment.ofArray(destination));
    }

    public void copyTo(int[] destination) {
        copyTo(MemorySegment.ofArray(destination));
    }

    public void copyTo(long[] destination) {
        copyTo(MemorySegment.ofArray(destination));
    }

    public void copyTo(float[] destination) {
        copyTo(MemorySegment.ofArray(destination));
    }

    public void copyTo(double[] destination) {
        copyTo(MemorySegment.ofArray(destination));
    }

    /** Fills a segment of the heap or of native memory from the beginning of this memory. */
    public void copyTo(MemorySegment destination) {
        copyTo(destination, context.defaultStream());
    }

    /** Copies in the order of a stream, and waits until the bytes are there. */
    public void copyTo(MemorySegment destination, RemoteStream stream) {
        requireRoom(destination.byteSize());
        if (destination.isReadOnly()) {
            throw CudaException.invalidValue("the destination of a copy is read-only");
        }
        Lane lane = context.lane();
        if (lane.isShared()) {
            stream.awaitQuietly();
        }
        lane.read(
                Call.MEMCPY_DTOH,
                MemcpyDtoHRequest.newBuilder()
                        .setContext(context.id())
                        .setStream(stream.idIn(context))
                        .setSource(address)
                        .setBytes(destination.byteSize())
                        .build(),
                destination);
    }

    // ---- on the device

    /** Copies all of {@code source} to the beginning of this memory, on the device. */
    public void copyFrom(DeviceMemory source) {
        copyFrom(source, context.defaultStream());
    }

    /** As {@link #copyFrom(DeviceMemory)}, in the order of a stream. Both must be memory of one server. */
    public void copyFrom(DeviceMemory source, RemoteStream stream) {
        requireRoom(source.bytes);
        source.requireOpen();
        if (source.context.session() != context.session()) {
            throw new CudaException(CudaStatus.NOT_SUPPORTED, "a copy between devices of two servers");
        }
        context.lane()
                .post(
                        Call.MEMCPY_DTOD,
                        MemcpyDtoDRequest.newBuilder()
                                .setContext(context.id())
                                .setStream(stream.idIn(context))
                                .setSource(source.address)
                                .setDestination(address)
                                .setBytes(source.bytes)
                                .build());
    }

    /** Sets every byte. */
    public void fill(byte value) {
        fill(1, value, context.defaultStream());
    }

    /** Sets every 16-bit element; a rest of one byte stays as it is. */
    public void fill(short value) {
        fill(Short.BYTES, value, context.defaultStream());
    }

    /** Sets every 32-bit element; a rest of up to three bytes stays as it is. */
    public void fill(int value) {
        fill(Integer.BYTES, value, context.defaultStream());
    }

    /** Sets every element of 1, 2 or 4 bytes, in the order of a stream. Source: cuMemsetD8, D16, D32. */
    public void fill(int elementBytes, int value, RemoteStream stream) {
        if (elementBytes != 1 && elementBytes != 2 && elementBytes != 4) {
            throw CudaException.invalidValue("elements of " + elementBytes + " bytes; 1, 2 and 4 can be set");
        }
        requireOpen();
        if (address % elementBytes != 0) {
            throw CudaException.invalidValue(
                    "0x" + Long.toHexString(address) + " is not aligned to elements of " + elementBytes + " bytes");
        }
        if (bytes < elementBytes) {
            return;
        }
        context.lane()
                .post(
                        Call.MEMSET,
                        MemsetRequest.newBuilder()
                                .setContext(context.id())
                                .setStream(stream.idIn(context))
                                .setDestination(address)
                                .setElementBytes(elementBytes)
                                .setValue(elementBytes == 1 ? value & 0xFF : elementBytes == 2 ? value & 0xFFFF : value)
                                .setElements(bytes / elementBytes)
                                .build());
    }

    /**
     * Frees an allocation. Idempotent.
     *
     * @throws CudaException an earlier error that nobody has been told; the memory is freed
     */
    @Override
    public void close() {
        if (freeable && context.allocations().remove(this) && context.session().isOpen()) {
            context.lane()
                    .outcome(
                            Call.MEM_FREE,
                            MemFreeRequest.newBuilder()
                                    .setContext(context.id())
                                    .setAddress(address)
                                    .build())
                    .orThrow("MemFree");
        }
    }

    private MemcpyHtoDRequest copyIn(RemoteStream stream) {
        return MemcpyHtoDRequest.newBuilder()
                .setContext(context.id())
                .setStream(stream.idIn(context))
                .setDestination(address)
                .build();
    }

    private void requireRoom(long copied) {
        requireOpen();
        if (copied <= 0) {
            throw CudaException.invalidValue("a copy of " + copied + " bytes");
        }
        if (copied > bytes) {
            throw CudaException.invalidValue(
                    "a copy of " + copied + " bytes leaves the " + bytes + " bytes at 0x" + Long.toHexString(address));
        }
    }

    private void requireOpen() {
        if (!isOpen()) {
            throw CudaException.invalidValue("the device memory at 0x" + Long.toHexString(address) + " was freed");
        }
    }

    @Override
    public String toString() {
        return bytes + " bytes at 0x" + Long.toHexString(address);
    }
}
