package org.v4vgpu.device.cuda;

import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceEvent;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceHold;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.device.HostRows;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.cuda.CudaCopy.Direction;
import org.v4vgpu.proto.CudaStatus;

/** A stream of a GPU: checks arguments and puts operations in their order. Safe for any thread. */
final class CudaStream implements DeviceStream {
    private static final System.Logger LOG = System.getLogger(CudaStream.class.getName());

    private final CudaContext context;
    private final StreamQueue queue;

    CudaStream(CudaContext context, StreamQueue queue) {
        this.context = context;
        this.queue = queue;
    }

    /** The stream as one of a context's; INVALID_HANDLE if it is another's. */
    static CudaStream of(DeviceStream stream, CudaContext context) throws DeviceException {
        if (!(stream instanceof CudaStream own) || own.context != context) {
            throw new DeviceException(CudaStatus.INVALID_HANDLE, "the stream is not of this context");
        }
        return own;
    }

    StreamQueue queue() {
        return queue;
    }

    @Override
    public DeviceCopy copyIn(long destination, long bytes) throws DeviceException {
        return copy(destination, bytes, Direction.IN);
    }

    @Override
    public DeviceCopy copyOut(long source, long bytes) throws DeviceException {
        return copy(source, bytes, Direction.OUT);
    }

    private DeviceCopy copy(long address, long bytes, Direction direction) throws DeviceException {
        context.memory().checkRange(address, bytes);
        CudaCopy copy = new CudaCopy(context, queue, address, bytes, direction);
        enqueue(copy);
        return copy;
    }

    @Override
    public void copy(long destination, long source, long bytes) throws DeviceException {
        context.memory().checkRange(destination, bytes);
        context.memory().checkRange(source, bytes);
        if (bytes != 0) {
            enqueue(() -> DriverMemory.copy(destination, source, bytes, queue.handle()));
        }
    }

    @Override
    public boolean copy(DeviceContext to, long destination, DeviceContext from, long source, long bytes)
            throws DeviceException {
        if (!(to instanceof CudaContext target) || !(from instanceof CudaContext origin)) {
            return false;
        }
        PeerCopy copy = new PeerCopy(
                context,
                queue,
                target,
                origin,
                () -> DriverMemory.copyBetween(
                        target.handle(), destination, origin.handle(), source, bytes, queue.handle()));
        target.memory().peers().add(copy);
        origin.memory().peers().add(copy);
        boolean isEnqueued = false;
        try {
            target.memory().checkRange(destination, bytes);
            origin.memory().checkRange(source, bytes);
            if (bytes != 0) {
                enqueue(copy);
                isEnqueued = true;
            }
        } finally {
            if (!isEnqueued) {
                copy.drop();
            }
        }
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
        context.memory().checkRange(destination, elements * elementBytes);
        if (elements != 0) {
            enqueue(() -> DriverMemory.fill(destination, elementBytes, value, elements, queue.handle()));
        }
    }

    @Override
    public void launch(DeviceFunction function, LaunchShape shape, MemorySegment parameters) throws DeviceException {
        CudaFunction own = CudaFunction.of(function, context);
        own.check(shape, parameters.byteSize());
        byte[] block = parameters.asSlice(0, own.parameterBytes()).toArray(ValueLayout.JAVA_BYTE);
        enqueue(() -> DriverModules.launch(own.handle(), shape, block, queue.handle()));
    }

    @Override
    public void launchCooperatively(DeviceFunction function, LaunchShape shape, MemorySegment parameters)
            throws DeviceException {
        CudaFunction own = CudaFunction.of(function, context);
        own.check(shape, parameters.byteSize());
        byte[] block = parameters.asSlice(0, own.parameterBytes()).toArray(ValueLayout.JAVA_BYTE);
        enqueue(() -> DriverModules.launchCooperatively(own.handle(), shape, block, own.parameters(), queue.handle()));
    }

    @Override
    public boolean copy(HostRows rows) throws DeviceException {
        context.memory().checkRange(rows.address(), rows.deviceExtent());
        RegisteredMemory region = RegisteredMemory.of(rows.host());
        if (region == null || !region.belongsTo(context)) {
            return false;
        }
        enqueue(() -> DriverMemory.copyRows(rows, queue.handle()));
        return true;
    }

    @Override
    public void record(DeviceEvent event) throws DeviceException {
        CudaEvent.of(event, context).recordIn(queue);
    }

    @Override
    public void waitFor(DeviceEvent event) throws DeviceException {
        CudaEvent.Recording latest = CudaEvent.of(event, context).latest();
        StreamOperation wait = new StreamOperation() {
            @Override
            void issue() throws DeviceException {
                if (latest != null) {
                    latest.mark().delay(queue.handle());
                }
            }
        };
        context.order().enqueue(queue, wait, latest);
    }

    @Override
    public DeviceHold hold(Runnable reached) throws DeviceException {
        CudaHold hold = new CudaHold(context, queue, reached);
        enqueue(hold);
        return hold;
    }

    @Override
    public int unfinished() {
        try {
            return context.order().unfinished(queue);
        } catch (DeviceException e) {
            return 0; // a broken context runs nothing
        }
    }

    @Override
    public boolean awaitSpace(long timeoutNanos) throws DeviceException {
        return CompletionWait.until(() -> context.order().unfinished(queue) <= StreamQueue.CAPACITY, timeoutNanos);
    }

    @Override
    public boolean isIdle() throws DeviceException {
        return context.areDone(context.order().marks(queue));
    }

    @Override
    public DeviceWork enqueued() throws DeviceException {
        List<CudaMark> marks = context.order().marks(queue);
        return context.waitFor(marks);
    }

    @Override
    public void close() {
        if (queue.kind == StreamQueue.Kind.DEFAULT) {
            throw new UnsupportedOperationException("the default stream lives as long as its context");
        }
        try {
            context.order().close(queue);
        } catch (DeviceException e) {
            LOG.log(Level.DEBUG, "stream destroyed with its context: {0}", e.getMessage());
        }
    }

    /** Enqueues calls of the driver, or of a library above it, that are one operation. */
    void enqueue(IssueOrder.Step step) throws DeviceException {
        enqueue(new StreamOperation() {
            @Override
            void issue() throws DeviceException {
                step.run();
            }
        });
    }

    private void enqueue(StreamOperation operation) throws DeviceException {
        context.order().enqueue(queue, operation, null);
    }
}
