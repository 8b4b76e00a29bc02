package org.v4vgpu.device.software;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceEvent;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceHold;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.device.HostRows;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.software.Operation.Kind;
import org.v4vgpu.device.software.SoftwareCopy.Direction;
import org.v4vgpu.proto.CudaStatus;

/** A stream of the software device: checks arguments and appends operations to its queue. Safe for any thread. */
final class SoftwareStream implements DeviceStream {
    /** Up to here moving bytes on the spot costs less than waking a thread for it (about 30 us at 10 GB/s). */
    private static final long SHORT_BYTES = 256 * 1024;

    private final SoftwareContext context;
    private final Scheduler scheduler;
    private final StreamQueue queue;

    SoftwareStream(SoftwareContext context, StreamQueue queue) {
        this.context = context;
        this.scheduler = context.scheduler();
        this.queue = queue;
    }

    @Override
    public DeviceCopy copyIn(long destination, long bytes) throws DeviceException {
        return enqueueCopy(destination, bytes, Direction.IN);
    }

    @Override
    public DeviceCopy copyOut(long source, long bytes) throws DeviceException {
        return enqueueCopy(source, bytes, Direction.OUT);
    }

    @Override
    public void copy(long destination, long source, long bytes) throws DeviceException {
        MemorySegment to = range(destination, bytes);
        MemorySegment from = range(source, bytes);
        scheduler.enqueue(queue, new Operation(kind(bytes)) {
            @Override
            void run() {
                MemorySegment.copy(from, 0, to, 0, bytes);
            }
        });
    }

    @Override
    public boolean copy(HostRows rows) throws DeviceException {
        MemorySegment device = range(rows.address(), rows.deviceExtent());
        scheduler.enqueue(queue, new Operation(kind(rows.totalBytes())) {
            @Override
            void run() {
                for (long row = 0; row < rows.rows(); row++) {
                    MemorySegment host = rows.row(row);
                    MemorySegment there = device.asSlice(row * rows.devicePitch(), rows.bytes());
                    (rows.toHost() ? host : there).copyFrom(rows.toHost() ? there : host);
                }
            }
        });
        return true;
    }

    @Override
    public void fill(long destination, int elementBytes, int value, long elements) throws DeviceException {
        if (elementBytes != 1 && elementBytes != 2 && elementBytes != 4) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "fill with elements of " + elementBytes + " bytes");
        }
        if (destination % elementBytes != 0 || elements < 0 || elements > Long.MAX_VALUE / elementBytes) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "fill of " + elements + " elements of " + elementBytes + " bytes at 0x"
                            + Long.toHexString(destination));
        }
        MemorySegment range = range(destination, elements * elementBytes);
        scheduler.enqueue(queue, new Operation(kind(range.byteSize())) {
            @Override
            void run() {
                Fill.run(range, elementBytes, value);
            }
        });
    }

    @Override
    public void launch(DeviceFunction function, LaunchShape shape, MemorySegment parameters) throws DeviceException {
        SoftwareFunction own = SoftwareFunction.of(function, context);
        scheduler.requireUsable();
        own.kernel().check(shape, parameters.byteSize());
        SoftwareLaunch launch = new SoftwareLaunch(context, own, shape, parameters);
        try {
            scheduler.enqueue(queue, launch);
        } catch (DeviceException refused) {
            launch.release();
            throw refused;
        }
    }

    /** Every launch is one: blocks that wait for each other are kept, and where they can't be the launch is refused. */
    @Override
    public void launchCooperatively(DeviceFunction function, LaunchShape shape, MemorySegment parameters)
            throws DeviceException {
        launch(function, shape, parameters);
    }

    @Override
    public void record(DeviceEvent event) throws DeviceException {
        SoftwareEvent.of(event, context).recordIn(queue);
    }

    @Override
    public void waitFor(DeviceEvent event) throws DeviceException {
        Operation latest = SoftwareEvent.of(event, context).latest();
        Operation point = new Operation(Kind.MARK) {
            @Override
            void run() {}
        };
        scheduler.enqueue(queue, point, latest);
    }

    @Override
    public DeviceHold hold(Runnable reached) throws DeviceException {
        SoftwareHold hold = new SoftwareHold(scheduler, reached);
        scheduler.enqueue(queue, hold);
        return hold;
    }

    @Override
    public boolean awaitSpace(long timeoutNanos) throws DeviceException {
        return scheduler.waits().awaitSpace(queue, timeoutNanos);
    }

    @Override
    public int unfinished() {
        return queue.unfinished;
    }

    @Override
    public boolean isIdle() throws DeviceException {
        return scheduler.waits().isIdle(queue);
    }

    @Override
    public DeviceWork enqueued() {
        return scheduler.waits().enqueued(queue);
    }

    @Override
    public void close() {
        if (queue.order == StreamQueue.Order.DEFAULT) {
            throw new UnsupportedOperationException("the default stream lives as long as its context");
        }
        scheduler.close(queue);
    }

    /** @throws DeviceException INVALID_HANDLE if the stream is not one of {@code context} */
    static SoftwareStream of(DeviceStream stream, SoftwareContext context) throws DeviceException {
        if (stream instanceof SoftwareStream own && own.context == context) {
            return own;
        }
        throw new DeviceException(CudaStatus.INVALID_HANDLE, "the stream belongs to another context");
    }

    void enqueue(Operation operation) throws DeviceException {
        scheduler.enqueue(queue, operation);
    }

    private DeviceCopy enqueueCopy(long address, long bytes, Direction direction) throws DeviceException {
        SoftwareCopy copy = new SoftwareCopy(scheduler, range(address, bytes), direction);
        scheduler.enqueue(queue, copy);
        return copy;
    }

    private MemorySegment range(long address, long bytes) throws DeviceException {
        scheduler.requireUsable();
        // As in CUDA, nothing may be copied from or to anywhere.
        return bytes == 0 ? MemorySegment.NULL : context.memory().segment(address, bytes);
    }

    private static Kind kind(long bytes) {
        return bytes <= SHORT_BYTES ? Kind.SHORT : Kind.LONG;
    }
}
