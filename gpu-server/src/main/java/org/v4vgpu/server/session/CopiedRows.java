package org.v4vgpu.server.session;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.proto.CudaStatus;

/** A device's copy whose rows lie close on the host and a pitch apart on the device. Confined as the copy is, which is closed with it. */
final class CopiedRows implements DeviceCopy {
    private final DeviceCopy copy;
    private final long rowBytes;
    private final long pitch;

    private CopiedRows(DeviceCopy copy, long rowBytes, long pitch) {
        this.copy = copy;
        this.rowBytes = rowBytes;
        this.pitch = pitch;
    }

    /**
     * What such rows cover on the device, from the first one's begin to the last one's end.
     *
     * @param rowBytes 0 for a single row
     * @throws DeviceException INVALID_VALUE if they overlap, or are not whole
     */
    static long extent(long bytes, long rowBytes, long pitch) throws DeviceException {
        if (rowBytes == 0) {
            return bytes;
        }
        if (rowBytes < 0 || bytes % rowBytes != 0) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "a copy of " + bytes + " bytes in rows of " + Long.toUnsignedString(rowBytes));
        }
        long further = bytes / rowBytes - 1;
        if (pitch < rowBytes || (further > 0 && pitch > (Long.MAX_VALUE - rowBytes) / further)) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    further + 1 + " rows of " + rowBytes + " bytes, " + Long.toUnsignedString(pitch) + " apart");
        }
        return further * pitch + rowBytes;
    }

    /** The copy itself for a single row, or for rows that lie close on the device as well. Takes ownership of it. */
    static DeviceCopy of(DeviceCopy copy, long rowBytes, long pitch) {
        return rowBytes == 0 || rowBytes == pitch ? copy : new CopiedRows(copy, rowBytes, pitch);
    }

    @Override
    public boolean await(long timeoutNanos) throws DeviceException {
        return copy.await(timeoutNanos);
    }

    /** Row by row, each to its end: nothing is on its way when this returns. */
    @Override
    public DeviceWork begin(long offset, MemorySegment host) throws DeviceException {
        long bytes = host.byteSize();
        for (long done = 0; done < bytes; ) {
            long row = (offset + done) / rowBytes;
            long within = (offset + done) % rowBytes;
            long length = Math.min(rowBytes - within, bytes - done);
            copy.transfer(row * pitch + within, host.asSlice(done, length));
            done += length;
        }
        return DeviceWork.DONE;
    }

    @Override
    public void close() {
        copy.close();
    }
}
