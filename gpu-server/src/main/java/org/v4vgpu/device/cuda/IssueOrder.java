package org.v4vgpu.device.cuda;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.cuda.StreamQueue.Kind;

/**
 * In which order the work of one context goes to the driver, where its streams wait for the host. Safe for any thread.
 *
 * <p>While no stream is held, everything is handed over by the thread that enqueues it. Behind a hold, operations wait in their stream's
 * queue, and with them those of other streams that CUDA orders after them: the driver can't order work behind what it has not been given.
 * Work is handed over with the lock held, so that the driver sees the order that is decided here. It may make a launch wait while it
 * holds about a thousand others; kernels go on meanwhile, and nothing else of this process is needed for that.
 */
final class IssueOrder {
    /** One call of the driver or several. */
    @FunctionalInterface
    interface Step {
        void run() throws DeviceException;
    }

    private final CudaContext context;
    private final ReentrantLock lock = new ReentrantLock();

    // Guarded by the lock.
    private final List<StreamQueue> queues = new ArrayList<>();
    private int waiting;

    IssueOrder(CudaContext context) {
        this.context = context;
    }

    void add(StreamQueue queue) {
        lock.lock();
        try {
            queues.add(queue);
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more for a stream; what it holds still goes to the driver, and then the stream is destroyed. */
    void close(StreamQueue queue) throws DeviceException {
        lock.lock();
        try {
            if (!queue.isClosed()) {
                enqueue(queue, queue.destruction(), null);
                queue.closed();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Appends work to a stream: hands it over at once if nothing before it waits.
     *
     * @param other what it also follows
     * @throws DeviceException the driver's error, if it was handed over
     */
    void enqueue(StreamQueue queue, StreamOperation operation, @Nullable StreamOperation other) throws DeviceException {
        lock.lock();
        try {
            context.requireUsable();
            queue.requireOpen();
            if (waiting > 0) {
                operation.follow(queue.tail);
                for (StreamQueue each : queues) {
                    if (each != queue && each.isBefore(queue)) {
                        operation.follow(each.tail);
                    }
                }
                operation.follow(other);
            }
            if (operation.isReady() && !operation.holds()) {
                issue(queue, operation::issue);
                operation.end(new ArrayDeque<>(0));
                return;
            }
            queue.append(operation);
            waiting++;
            if (operation.isReady()) {
                arrive(operation);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Hands over what nothing that waits can depend on: before it, also where the stream is held.
     *
     * @throws DeviceException the driver's error
     */
    void issueAhead(StreamQueue queue, Step step) throws DeviceException {
        lock.lock();
        try {
            context.requireUsable();
            queue.requireOpen();
            issue(queue, step);
        } finally {
            lock.unlock();
        }
    }

    /** A held operation is at its turn already; if the driver does not take it, nothing of it stays. */
    private void arrive(StreamOperation held) throws DeviceException {
        try {
            context.call(held::issue);
        } catch (DeviceException e) {
            pass(held);
            throw e;
        }
    }

    /** Hands over what belongs to a held operation whose turn it is. Returns what is done behind it; null if it is done already. */
    @Nullable
    CudaMark issueAndMark(StreamQueue queue, Step step) throws DeviceException {
        lock.lock();
        try {
            issue(queue, step);
            List<CudaMark> marks = new ArrayList<>(1);
            context.call(() -> add(marks, queue.markIssued()));
            return marks.isEmpty() ? null : marks.getFirst();
        } finally {
            lock.unlock();
        }
    }

    /** What the driver has that an operation of this stream runs behind. With the lock held and the context current. */
    List<CudaMark> before(StreamQueue queue) throws DeviceException {
        List<CudaMark> marks = new ArrayList<>(1);
        for (StreamQueue each : queues) {
            if (each == queue || each.isBefore(queue)) {
                add(marks, each.markIssued());
            }
        }
        return marks;
    }

    private static void add(List<CudaMark> marks, @Nullable CudaMark mark) {
        if (mark != null) {
            marks.add(mark);
        }
    }

    /** Hands over what belongs to an operation whose turn it is. */
    private void issue(StreamQueue queue, Step step) throws DeviceException {
        context.call(() -> {
            step.run();
            queue.countIssued();
        });
    }

    /** The owner of a held operation is through with it, or gives it up. Idempotent. */
    void finish(StreamOperation held, Step giveUp) {
        lock.lock();
        try {
            if (!held.isOver()) {
                boolean turn = held.isReady();
                giveUp.run();
                if (turn) {
                    pass(held);
                }
            }
        } catch (DeviceException e) {
            context.fail(e);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Makes a call of the driver's that waits for all work of the context, unless there is some: the call does not last, as nothing is
     * handed over in between.
     */
    void callIfIdle(Step step) throws DeviceException {
        lock.lock();
        try {
            if (context.areDone(marks(null))) {
                context.call(step);
            }
        } finally {
            lock.unlock();
        }
    }

    /** What a stream holds now, and those streams that it waits for if it is the default stream; all of them for null. */
    List<CudaMark> marks(@Nullable StreamQueue wanted) throws DeviceException {
        List<CudaMark> marks = new ArrayList<>();
        lock.lock();
        try {
            context.requireUsable();
            context.call(this::removeSpent);
            for (StreamQueue queue : queues) {
                if (wanted == null || queue == wanted || (wanted.kind == Kind.DEFAULT && queue.isBefore(wanted))) {
                    context.call(() -> add(marks, queue.mark()));
                }
            }
            return marks;
        } finally {
            lock.unlock();
        }
    }

    private void removeSpent() throws DeviceException {
        for (int i = queues.size() - 1; i >= 0; i--) {
            StreamQueue queue = queues.get(i);
            if (queue.isSpent()) {
                queues.remove(i);
            }
        }
    }

    /** Unfinished operations of a stream, more or less: those that the driver has are counted down in steps. */
    int unfinished(StreamQueue queue) throws DeviceException {
        lock.lock();
        try {
            return context.answer(queue::unfinished);
        } finally {
            lock.unlock();
        }
    }

    /** A turn is over: those behind it come. */
    private void pass(StreamOperation first) {
        ArrayDeque<StreamOperation> over = new ArrayDeque<>();
        ArrayDeque<StreamOperation> ready = new ArrayDeque<>();
        StreamOperation operation = first;
        while (operation != null) {
            operation.end(ready);
            if (operation.waitsIn != null) {
                operation.waitsIn.remove();
                waiting--;
            }
            StreamOperation next;
            while ((next = ready.poll()) != null) {
                if (!come(next)) {
                    over.add(next);
                }
            }
            operation = over.poll();
        }
    }

    /** An operation's turn has come. Returns whether its stream stops at it. */
    private boolean come(StreamOperation operation) {
        if (context.isBroken() || operation.isGivenUp()) {
            return false;
        }
        StreamQueue queue = operation.waitsIn;
        try {
            if (queue == null || operation.holds()) {
                context.call(operation::issue);
            } else {
                issue(queue, operation::issue);
            }
        } catch (DeviceException e) {
            context.failDeferred(e);
        }
        return operation.holds();
    }
}
