package org.v4vgpu.client;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.MemFreeAsyncRequest;
import org.v4vgpu.proto.MemFreeRequest;
import org.v4vgpu.proto.MemcpyDtoDRequest;
import org.v4vgpu.proto.MemcpyDtoHRequest;
import org.v4vgpu.proto.MemcpyHtoDRequest;
import org.v4vgpu.proto.MemcpyWindowRequest;
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
        HostMemory.Place pinned = context.session().windows().find(source);
        if (pinned != null) {
            copyRows(WindowRows.of(pinned, source.byteSize(), false), stream, true);
        } else {
            Lane lane = context.lane();
            stream.awaitOnShared(lane);
            lane.post(Call.MEMCPY_HTOD, copyIn(stream), source);
        }
    }

    /** As {@link #copyFrom(MemorySegment)}, and waits until the bytes are on the device. */
    public void copyFromAndWait(MemorySegment source) {
        copyFromAndWait(source, context.defaultStream());
    }

    /** As {@link #copyFrom(MemorySegment, RemoteStream)}, and waits until the bytes are on the device. */
    public void copyFromAndWait(MemorySegment source, RemoteStream stream) {
        requireRoom(source.byteSize());
        HostMemory.Place pinned = context.session().windows().find(source);
        if (pinned != null) {
            copyRows(WindowRows.of(pinned, source.byteSize(), false), stream, true);
        } else {
            Lane lane = context.lane();
            stream.awaitOnShared(lane);
            lane.call(Call.MEMCPY_HTOD, copyIn(stream), source);
        }
    }

    /**
     * Enqueues a copy and returns: bytes of {@linkplain HostMemory#isShared() shared} host memory are read when the stream comes to
     * the copy, so they must stay until then. Other memory is taken at once, as by {@link #copyFrom(MemorySegment, RemoteStream)}.
     */
    public void copyFromAsync(MemorySegment source, RemoteStream stream) {
        HostMemory.Place pinned = context.session().windows().find(source);
        if (pinned == null) {
            copyFrom(source, stream);
        } else {
            requireRoom(source.byteSize());
            copyRows(WindowRows.of(pinned, source.byteSize(), false), stream, false);
        }
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
        HostMemory.Place pinned = context.session().windows().find(destination);
        if (pinned != null) {
            copyRows(WindowRows.of(pinned, destination.byteSize(), true), stream, true);
            return;
        }
        Lane lane = context.lane();
        stream.awaitOnShared(lane);
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

    /**
     * Enqueues a copy into {@linkplain HostMemory#isShared() shared} host memory and returns: the bytes are there when the stream has
     * come past the copy. With other memory it waits, as {@link #copyTo(MemorySegment, RemoteStream)}.
     */
    public void copyToAsync(MemorySegment destination, RemoteStream stream) {
        HostMemory.Place pinned = context.session().windows().find(destination);
        if (pinned == null || destination.isReadOnly()) {
            copyTo(destination, stream);
        } else {
            requireRoom(destination.byteSize());
            copyRows(WindowRows.of(pinned, destination.byteSize(), true), stream, false);
        }
    }

    /**
     * Copies rows between {@linkplain HostMemory#isShared() shared} host memory and this memory by one call, if that is what the
     * segment lies in.
     *
     * @param host from the first row's begin to the last one's end, no less
     * @param hostPitch from one row to the next, at least {@code bytes}; likewise {@code pitch}, on the device
     * @param waits for the rows to be there, or else as {@link #copyFromAsync} and {@link #copyToAsync}
     * @return false if the segment lies in other memory: nothing was done
     */
    public boolean copyRows(
            MemorySegment host,
            long hostPitch,
            long pitch,
            long bytes,
            long rows,
            boolean toHost,
            RemoteStream stream,
            boolean waits) {
        HostMemory.Place pinned = context.session().windows().find(host);
        if (pinned == null || bytes <= 0 || rows <= 0 || (toHost && host.isReadOnly())) {
            return false;
        }
        long extent = WindowRows.extent(pitch, bytes, rows);
        if (WindowRows.extent(hostPitch, bytes, rows) > host.byteSize()) {
            throw CudaException.invalidValue(
                    rows + " rows of " + bytes + " bytes leave the " + host.byteSize() + " bytes of host memory");
        }
        requireRoom(extent);
        copyRows(new WindowRows(pinned, hostPitch, pitch, bytes, rows, toHost), stream, waits);
        return true;
    }

    private void copyRows(WindowRows rows, RemoteStream stream, boolean waits) {
        Lane lane = context.lane();
        boolean untilDone = waits || context.session().isBlocking();
        if (untilDone) {
            stream.awaitOnShared(lane);
        }
        MemcpyWindowRequest request = rows.request(context.id(), stream.idIn(context), address, untilDone);
        if (untilDone) {
            lane.outcome(Call.MEMCPY_WINDOW, request, rows.expectedNanos()).orThrow("MemcpyWindow");
        } else {
            lane.post(Call.MEMCPY_WINDOW, request);
        }
    }

    // ---- on the device

    /** Copies all of {@code source} to the beginning of this memory, on the device. */
    public void copyFrom(DeviceMemory source) {
        copyFrom(source, context.defaultStream());
    }

    /** As {@link #copyFrom(DeviceMemory)}, in the order of a stream. Both must be memory of one context. */
    public void copyFrom(DeviceMemory source, RemoteStream stream) {
        requireRoom(source.bytes);
        source.requireOpen();
        if (source.context != context) {
            throw new CudaException(CudaStatus.NOT_SUPPORTED, "a copy on the device between two contexts");
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
            Outcome earlier = context.awaitOnShared();
            Lane lane = context.lane();
            lane.outcome(
                            Call.MEM_FREE,
                            MemFreeRequest.newBuilder()
                                    .setContext(context.id())
                                    .setAddress(address)
                                    .setWaited(lane.isShared())
                                    .build())
                    .orEarlier(earlier)
                    .orThrow("MemFree");
        }
    }

    /** Frees an allocation without waiting: the bytes are free when all work that was issued before is done. Idempotent. */
    public void closeLater() {
        closeLater(MemFreeAsyncRequest.newBuilder().setContext(context.id()).setAddress(address));
    }

    /**
     * As {@link #closeLater()}; memory that was {@linkplain RemoteContext#allocate(long, RemoteStream) allocated in a stream's order} is free
     * for the order of this stream when that comes here. Source: cuMemFreeAsync.
     */
    public void closeLater(RemoteStream stream) {
        closeLater(MemFreeAsyncRequest.newBuilder()
                .setContext(context.id())
                .setAddress(address)
                .setStream(stream.idIn(context)));
    }

    private void closeLater(MemFreeAsyncRequest.Builder request) {
        if (freeable && context.allocations().remove(this) && context.session().isOpen()) {
            context.lane().post(Call.MEM_FREE_ASYNC, request.build());
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
