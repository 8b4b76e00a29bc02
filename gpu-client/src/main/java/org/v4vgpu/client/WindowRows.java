package org.v4vgpu.client;

import org.v4vgpu.proto.MemcpyWindowRequest;

/** Rows that lie in memory which the server sees, and how far apart they lie on either side. Immutable. */
record WindowRows(HostMemory.Place place, long hostPitch, long devicePitch, long bytes, long rows, boolean toHost) {
    /** Of a processor that copies what no cache holds, and has others beside it. */
    private static final long BYTES_PER_NANO = 4;

    /** After so long a wake-up, of tens of microseconds, is nothing beside the copy. */
    private static final long MOST_NANOS = 10_000_000;

    /** A single row. */
    static WindowRows of(HostMemory.Place place, long bytes, boolean toHost) {
        return new WindowRows(place, bytes, bytes, bytes, 1, toHost);
    }

    /** From the first row's begin to the last one's end. @throws CudaException INVALID_VALUE if rows overlap */
    static long extent(long pitch, long bytes, long rows) {
        if (rows > 1 && (pitch < bytes || pitch > (Long.MAX_VALUE - bytes) / (rows - 1))) {
            throw CudaException.invalidValue(rows + " rows of " + bytes + " bytes, " + pitch + " apart");
        }
        return pitch * (rows - 1) + bytes;
    }

    /** What the server takes to copy them, at most, unless they wait for other work; a long copy's end may be noticed later. */
    long expectedNanos() {
        return Math.min(bytes * rows / BYTES_PER_NANO, MOST_NANOS); // rows do not overlap: no more than the memory
    }

    MemcpyWindowRequest request(long context, long stream, long address, boolean untilDone) {
        return MemcpyWindowRequest.newBuilder()
                .setContext(context)
                .setStream(stream)
                .setAddress(address)
                .setWindow(place.memory().window())
                .setOffset(place.offset())
                .setBytes(bytes)
                .setFurtherRows(rows - 1)
                .setDevicePitch(rows == 1 ? 0 : devicePitch)
                .setWindowPitch(rows == 1 ? 0 : hostPitch)
                .setToHost(toHost)
                .setUntilDone(untilDone)
                .build();
    }
}
