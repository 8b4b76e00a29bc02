package org.v4vgpu.device.cuda;

import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.proto.CudaStatus;

/**
 * A copy between host and GPU: it holds its stream while its owner brings the chunks. Confined to the thread that enqueued it.
 *
 * <p>A chunk in registered memory is moved by DMA where it lies, with an event of the driver's behind it, and the owner goes on meanwhile. Others
 * go through a {@link StagedCopy}, which has the DMA of one buffer going on while the owner has the other.
 */
final class CudaCopy extends StreamOperation implements DeviceCopy {
    private static final System.Logger LOG = System.getLogger(CudaCopy.class.getName());

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
    private @Nullable StagedCopy staged;

    /** What is moved where it lies, and was not awaited yet. */
    private final ArrayDeque<DirectChunk> direct = new ArrayDeque<>(4);

    /** Registered memory that the GPU reads or writes. */
    private final class DirectChunk implements DeviceWork {
        private final RegisteredMemory region;
        private final CudaMark mark;
        private boolean isOver;

        private DirectChunk(RegisteredMemory region, CudaMark mark) {
            this.region = region;
            this.mark = mark;
        }

        /** In a broken or cancelled context too, it is over when the GPU has let go of the memory, and then says what broke the context. */
        @Override
        public boolean await(long timeoutNanos) throws DeviceException {
            if (!isOver) {
                if (!CompletionWait.until(() -> context.isOver(mark), timeoutNanos)) {
                    return false;
                }
                isOver = true;
                direct.remove(this);
                region.end();
            }
            context.requireUsable();
            return true;
        }
    }

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
    public DeviceWork begin(long offset, MemorySegment host) throws DeviceException {
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
            return DeviceWork.DONE;
        }
        RegisteredMemory region = RegisteredMemory.of(host);
        return region != null && region.begin(context)
                ? moveDirectly(region, address + offset, host)
                : stage(offset, host);
    }

    private DeviceWork moveDirectly(RegisteredMemory region, long device, MemorySegment host) throws DeviceException {
        CudaMark mark;
        try {
            mark = move(host.address(), device, host.byteSize());
        } catch (DeviceException | RuntimeException e) {
            region.end();
            throw e;
        }
        if (mark == null) {
            region.end();
            return DeviceWork.DONE;
        }
        DirectChunk chunk = new DirectChunk(region, mark);
        direct.add(chunk);
        return chunk;
    }

    /** Enqueues the DMA of registered bytes. Returns what is done behind it; null if that is done already. */
    @Nullable
    CudaMark move(long host, long device, long length) throws DeviceException {
        return context.order()
                .issueAndMark(
                        target,
                        direction == Direction.IN
                                ? () -> DriverMemory.copyIn(device, host, length, target.handle())
                                : () -> DriverMemory.copyOut(host, device, length, target.handle()));
    }

    private DeviceWork stage(long offset, MemorySegment host) throws DeviceException {
        try {
            StagedCopy known = staged;
            if (known == null) {
                known = new StagedCopy(context, this, address, bytes);
                staged = known;
            }
            if (direction == Direction.IN) {
                known.take(offset, host);
            } else {
                known.bring(offset, host);
            }
            return DeviceWork.DONE;
        } catch (IllegalStateException e) {
            context.requireUsable(); // the buffers go with the context
            throw e;
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        context.order().finish(this, () -> givenUp = true);
        while (!direct.isEmpty()) {
            try {
                boolean _ = direct.element().await(Long.MAX_VALUE);
            } catch (DeviceException e) {
                LOG.log(
                        Level.DEBUG,
                        "a chunk of a copy that is closed: {0}",
                        e.getMessage()); // it is over all the same
            }
        }
        if (staged != null) {
            staged.close();
            staged = null;
        }
    }
}
