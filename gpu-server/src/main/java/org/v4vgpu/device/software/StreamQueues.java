package org.v4vgpu.device.software;

import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.software.StreamQueue.Order;
import org.v4vgpu.proto.CudaStatus;

/**
 * The streams of one context and how they order themselves. All methods are called under the lock of the {@link Scheduler}, but for
 * {@link #isIdle()}.
 *
 * <p>Source: CUDA Runtime API, Stream synchronization behavior: a legacy default stream's work waits for all blocking streams, and
 * their later work waits for it.
 */
final class StreamQueues {
    private final StreamQueue housekeeping = new StreamQueue(Order.HOUSEKEEPING);
    private final List<StreamQueue> all = new ArrayList<>();

    // SYNC: queues-unfinished. Written under the lock; read without it to see quickly that a context is idle.
    private volatile int unfinished;

    StreamQueues() {
        all.add(housekeeping);
    }

    /** The queue for what must wait for everything. */
    StreamQueue housekeeping() {
        return housekeeping;
    }

    StreamQueue open(Order order) {
        StreamQueue queue = new StreamQueue(order);
        all.add(queue);
        return queue;
    }

    /** Takes no more; what the queue holds still runs. */
    void close(StreamQueue queue) {
        queue.closed = true;
        if (queue.unfinished == 0) {
            all.remove(queue);
        }
    }

    void requireOpen(StreamQueue queue) throws DeviceException {
        if (queue.closed) {
            throw new DeviceException(CudaStatus.INVALID_HANDLE, "the stream is destroyed");
        }
    }

    /** Whether no stream holds unfinished work. */
    boolean isIdle() {
        return unfinished == 0;
    }

    /** Puts an operation behind all that it must follow. */
    void append(StreamQueue queue, Operation operation) {
        operation.queue = queue;
        if (unfinished > 0) {
            operation.follow(queue.tail);
            for (StreamQueue other : all) {
                if (other != queue && ordersAfter(queue.order, other.order)) {
                    operation.follow(other.tail);
                }
            }
        }
        queue.tail = operation;
        count(queue, 1);
    }

    /** An operation of the queue is done. */
    void remove(StreamQueue queue) {
        count(queue, -1);
        if (queue.closed && queue.unfinished == 0) {
            all.remove(queue);
        }
    }

    /** The unfinished operations that a new one in this queue would follow. */
    List<Operation> tails(StreamQueue queue) {
        List<Operation> tails = new ArrayList<>();
        for (StreamQueue other : all) {
            Operation tail = other.tail;
            if (tail != null && !tail.isOver() && (other == queue || ordersAfter(queue.order, other.order))) {
                tails.add(tail);
            }
        }
        return tails;
    }

    /** Whether work of one stream waits for earlier work of another. */
    private static boolean ordersAfter(Order later, Order earlier) {
        return switch (later) {
            case DEFAULT -> earlier == Order.BLOCKING;
            case BLOCKING -> earlier == Order.DEFAULT;
            case NON_BLOCKING -> false;
            case HOUSEKEEPING -> true;
        };
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written under the lock only
    private void count(StreamQueue queue, int change) {
        queue.unfinished += change;
        unfinished += change;
    }
}
