package org.v4vgpu.device.software;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.proto.CudaStatus;

/** A copy between host and device: it holds its stream while its owner moves the bytes. Confined to the thread that enqueued it. */
final class SoftwareCopy extends Operation implements DeviceCopy {
    /** Which way the bytes go. */
    enum Direction {
        IN,
        OUT
    }

    private final Scheduler scheduler;
    private final MemorySegment range;
    private final Direction direction;

    // SYNC: copy-arrived. Written under the scheduler's lock.
    private volatile boolean arrived;

    // Guarded by the scheduler's lock.
    private boolean abandoned;

    // The owner's own.
    private boolean closed;

    SoftwareCopy(Scheduler scheduler, MemorySegment range, Direction direction) {
        super(Kind.HELD);
        this.scheduler = scheduler;
        this.range = range;
        this.direction = direction;
    }

    @Override
    public boolean await(long timeoutNanos) throws DeviceException {
        boolean here = arrived;
        scheduler.requireUsable();
        return here || scheduler.waits().awaitUntil(() -> arrived, timeoutNanos);
    }

    @Override
    public DeviceWork begin(long offset, MemorySegment host) throws DeviceException {
        if (!arrived || closed) {
            throw new DeviceException(CudaStatus.ILLEGAL_STATE, "the stream is not at this copy");
        }
        long bytes = host.byteSize();
        if (offset < 0 || bytes > range.byteSize() - offset) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "chunk " + offset + " + " + bytes + " exceeds a copy of " + range.byteSize() + " bytes");
        }
        scheduler.beginAccess();
        try {
            switch (direction) {
                case IN -> MemorySegment.copy(host, 0, range, offset, bytes);
                case OUT -> MemorySegment.copy(range, offset, host, 0, bytes);
            }
        } finally {
            scheduler.endAccess(null);
        }
        return DeviceWork.DONE;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            scheduler.finishHeld(this);
        }
    }

    @Override
    void run() {
        throw new IllegalStateException("a copy runs on its owner's thread");
    }

    @Override
    boolean arrive() {
        arrived = !abandoned;
        return arrived;
    }

    @Override
    boolean giveUp() {
        abandoned = true;
        return arrived;
    }
}
