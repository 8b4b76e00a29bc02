package org.v4vgpu.device.software;

import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.device.software.StreamQueue.Order;

/**
 * What can be waited for in a context, and asked of it. Safe for any thread.
 *
 * <p>All look at the work first and for a fault afterwards: what a fault has dropped is done as well.
 */
final class StreamWaits {
    private final Progress progress;
    private final StreamQueues queues;
    private final ContextFault fault;

    private final DeviceWork nothing;

    StreamWaits(Progress progress, StreamQueues queues, ContextFault fault) {
        this.progress = progress;
        this.queues = queues;
        this.fault = fault;
        this.nothing = timeoutNanos -> {
            fault.requireNone();
            return true;
        };
    }

    /** Whether everything in a stream is done; for the default stream, in all streams that it orders itself with. */
    boolean isIdle(StreamQueue queue) throws DeviceException {
        boolean idle =
                queues.isIdle() || (queue.order == Order.DEFAULT ? tails(queue).isEmpty() : queue.isIdle());
        fault.requireNone();
        return idle;
    }

    /** What a stream holds now; for the default stream, also what it orders itself after. */
    DeviceWork enqueued(StreamQueue queue) {
        if (queues.isIdle()) {
            return nothing;
        }
        if (queue.order != Order.DEFAULT) {
            Operation tail = queue.tail;
            return timeoutNanos -> await(tail, timeoutNanos);
        }
        return all(tails(queue));
    }

    /** What the whole context holds now. */
    DeviceWork enqueued() throws DeviceException {
        boolean idle = queues.isIdle();
        fault.requireNone();
        return idle ? nothing : all(tails(queues.housekeeping()));
    }

    /** Waits for one operation. */
    boolean await(@Nullable Operation operation, long timeoutNanos) throws DeviceException {
        if (operation == null || operation.isOver()) {
            fault.requireNone();
            return true;
        }
        return awaitUntil(operation::isOver, timeoutNanos);
    }

    /** Waits until a stream holds no more than its capacity. */
    boolean awaitSpace(StreamQueue queue, long timeoutNanos) throws DeviceException {
        fault.requireNone();
        return queue.hasSpace() || (timeoutNanos > 0 && awaitUntil(queue::hasSpace, timeoutNanos));
    }

    /** Waits for a condition that some operation's progress makes true. */
    boolean awaitUntil(BooleanSupplier condition, long timeoutNanos) throws DeviceException {
        return progress.await(
                () -> {
                    boolean done = condition.getAsBoolean();
                    fault.requireNone();
                    return done;
                },
                timeoutNanos);
    }

    private List<Operation> tails(StreamQueue queue) {
        progress.lock();
        try {
            return queues.tails(queue);
        } finally {
            progress.unlock();
        }
    }

    private DeviceWork all(List<Operation> operations) {
        return timeoutNanos -> {
            long start = System.nanoTime();
            for (Operation operation : operations) {
                if (!await(operation, timeoutNanos - (System.nanoTime() - start))) {
                    return false;
                }
            }
            fault.requireNone();
            return true;
        };
    }
}
