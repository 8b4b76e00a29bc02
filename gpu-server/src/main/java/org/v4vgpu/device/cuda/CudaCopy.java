package org.v4vgpu.device.cuda;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/**
 * A copy between host and GPU: it holds its stream while its owner brings the chunks. Confined to the thread that enqueued it.
 *
 * <p>A chunk in registered memory is moved by DMA where it lies, and waited for. Others go through a pair of buffers: on the way to the GPU the
 * owner goes on when the last bytes are in a buffer, and the stream's later work is behind their DMA all the same.
 */
final class CudaCopy extends StreamOperation implements DeviceCopy {
    /** Which way the bytes go. */
    enum Direction {
        IN,
        OUT
    }

    private final CudaContext context;
    private final StreamQueue target;
    private final long address;
    private final long bytes;
    private final Direction direction;

    // SYNC: copy-arrived. Written under the order's lock: what the driver had before, when this one's turn came.
    private volatile @Nullable List<CudaMark> before;

    private boolean givenUp;

    // The owner's own.
    private boolean closed;
    private boolean here;
    private StagingPool.@Nullable Pair staging;
    private long turns;

    CudaCopy(CudaContext context, StreamQueue target, long address, long bytes, Direction direction) {
        this.context = context;
        this.target = target;
        this.address = address;
        this.bytes = bytes;
        this.direction = direction;
    }

    @Override
    void issue() throws DeviceException {
        before = context.order().before(target);
    }

    @Override
    boolean holds() {
        return true;
    }

    @Override
    boolean isGivenUp() {
        return givenUp;
    }

    @Override
    public boolean await(long timeoutNanos) throws DeviceException {
        here = here || CompletionWait.until(this::hasArrived, timeoutNanos);
        context.requireUsable();
        return here;
    }

    private boolean hasArrived() throws DeviceException {
        context.requireUsable();
        List<CudaMark> known = before;
        return known != null && context.areDone(known);
    }

    @Override
    public void transfer(long offset, MemorySegment host) throws DeviceException {
        context.requireUsable();
        here = here || hasArrived();
        if (!here || closed) {
            throw new DeviceException(CudaStatus.ILLEGAL_STATE, "the stream is not at this copy");
        }
        long length = host.byteSize();
        if (offset < 0 || length > bytes - offset) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "chunk " + offset + " + " + length + " exceeds a copy of " + bytes + " bytes");
        }
        if (length == 0) {
            return;
        }
        try {
            if (transferInPlace(address + offset, host)) {
                return;
            }
            if (direction == Direction.IN) {
                stageIn(address + offset, host);
            } else {
                stageOut(host, address + offset);
            }
        } catch (IllegalStateException e) {
            context.requireUsable(); // the buffers go with the context
            throw e;
        }
    }

    private boolean transferInPlace(long device, MemorySegment host) throws DeviceException {
        RegisteredMemory region = RegisteredMemory.of(host);
        if (region == null || !region.begin(context)) {
            return false;
        }
        try {
            await(move(host.address(), device, host.byteSize()));
            return true;
        } finally {
            region.end();
        }
    }

    /** Enqueues the DMA of registered bytes. Returns what is done behind it. */
    private @Nullable CudaMark move(long host, long device, long length) throws DeviceException {
        return context.order()
                .issueAndMark(
                        target,
                        direction == Direction.IN
                                ? () -> DriverMemory.copyIn(device, host, length, target.handle())
                                : () -> DriverMemory.copyOut(host, device, length, target.handle()));
    }

    private void stageIn(long device, MemorySegment host) throws DeviceException {
        StagingPool.Pair pair = pair();
        for (long done = 0; done < host.byteSize(); done += StagingPool.BUFFER_BYTES) {
            long length = Math.min(StagingPool.BUFFER_BYTES, host.byteSize() - done);
            StagingPool.Buffer buffer = pair.turn(turns++);
            await(buffer.busy);
            MemorySegment.copy(host, done, buffer.memory, 0, length);
            buffer.busy = move(buffer.memory.address(), device + done, length);
        }
    }

    /** While one buffer's DMA runs, the other one's bytes go where they are wanted. */
    private void stageOut(MemorySegment host, long device) throws DeviceException {
        StagingPool.Pair pair = pair();
        long first = turns;
        long count = (host.byteSize() + StagingPool.BUFFER_BYTES - 1) / StagingPool.BUFFER_BYTES;
        for (long i = 0; i <= count; i++) {
            if (i < count) {
                StagingPool.Buffer buffer = pair.turn(first + i);
                await(buffer.busy);
                long begin = i * StagingPool.BUFFER_BYTES;
                long length = Math.min(StagingPool.BUFFER_BYTES, host.byteSize() - begin);
                buffer.busy = move(buffer.memory.address(), device + begin, length);
            }
            if (i > 0) {
                StagingPool.Buffer buffer = pair.turn(first + i - 1);
                await(buffer.busy);
                buffer.busy = null;
                long begin = (i - 1) * StagingPool.BUFFER_BYTES;
                long length = Math.min(StagingPool.BUFFER_BYTES, host.byteSize() - begin);
                MemorySegment.copy(buffer.memory, 0, host, begin, length);
            }
        }
        turns = first + count;
    }

    /** The DMA of one chunk: nothing of the client's stands before it, so it takes no longer than the bytes do. */
    private void await(@Nullable CudaMark mark) throws DeviceException {
        if (mark != null) {
            CompletionWait.until(() -> context.answer(mark::isDone), Long.MAX_VALUE);
        }
    }

    private StagingPool.Pair pair() throws DeviceException {
        StagingPool.Pair pair = staging;
        if (pair == null) {
            pair = context.staging().take();
            staging = pair;
        }
        return pair;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        context.order().finish(this, () -> givenUp = true);
        if (staging != null) {
            context.staging().giveBack(staging);
            staging = null;
        }
    }
}
