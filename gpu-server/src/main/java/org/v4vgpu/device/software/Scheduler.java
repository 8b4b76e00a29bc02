package org.v4vgpu.device.software;

import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.software.Operation.Kind;
import org.v4vgpu.device.software.StreamQueue.Order;
import org.v4vgpu.proto.CudaStatus;

/**
 * Orders and runs the work of one context, as CUDA's streams order it. Safe for any thread.
 *
 * <p>Every operation counts the operations that it follows; the last of them to end makes it ready. What is ready runs where its
 * {@link Operation.Kind} says. One lock guards all links of a context; it is never held while work runs or a thread waits.
 *
 * <p>A fault, a cancel or a close breaks the scheduler for good: enqueued work is dropped, running kernels are cancelled, waiting
 * threads wake, and {@link #requireUsable()} throws the cause from then on.
 */
final class Scheduler {
    /** Unfinished operations that a stream takes before enqueuing blocks. */
    static final int STREAM_CAPACITY = 1024;

    private static final System.Logger LOG = System.getLogger(Scheduler.class.getName());
    private static final long CLOSE_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition progress = lock.newCondition();
    private final String name;
    private final Runners runners;
    private final Runnable release;
    private final StreamQueue housekeeping = new StreamQueue(Order.HOUSEKEEPING);

    // SYNC: scheduler-fault. Written once or twice under the lock (a close replaces a fault), read without it.
    private volatile @Nullable DeviceException fault;
    // SYNC: scheduler-unfinished. Written under the lock; read without it to see quickly that a context is idle.
    private volatile int unfinished;

    // Guarded by lock.
    private final List<StreamQueue> queues = new ArrayList<>();
    private final ArrayDeque<Operation> ready = new ArrayDeque<>();
    private int waiters;
    private int accesses;
    private boolean closed;
    private boolean abandoned;

    /**
     * @param name what logs and threads call the context
     * @param release frees the context's memory; runs once, after close, when no operation runs any more
     */
    Scheduler(String name, Runnable release) {
        this.name = name;
        this.release = release;
        this.runners = new Runners(name, this);
        queues.add(housekeeping);
    }

    /** Throws what broke the context, if something did. */
    void requireUsable() throws DeviceException {
        DeviceException cause = fault;
        if (cause != null) {
            throw new DeviceException(cause.status(), String.valueOf(cause.getMessage()), cause);
        }
    }

    StreamQueue open(Order order) {
        StreamQueue queue = new StreamQueue(order);
        lock.lock();
        try {
            queues.add(queue);
        } finally {
            lock.unlock();
        }
        return queue;
    }

    /** What the queue holds still runs. */
    void close(StreamQueue queue) {
        lock.lock();
        try {
            queue.closed = true;
            if (queue.unfinished == 0) {
                queues.remove(queue);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Appends work to a stream. Blocks while the stream is full. */
    void enqueue(StreamQueue queue, Operation operation) throws DeviceException {
        enqueue(queue, operation, null);
    }

    /** As {@link #enqueue(StreamQueue, Operation)}, and the work also waits for {@code other}. */
    void enqueue(StreamQueue queue, Operation operation, @Nullable Operation other) throws DeviceException {
        lock.lock();
        try {
            requireOpen(queue);
            while (queue.unfinished >= STREAM_CAPACITY && queue.order != Order.HOUSEKEEPING) {
                awaitProgress(Long.MAX_VALUE);
                requireOpen(queue);
            }
            operation.queue = queue;
            link(queue, operation);
            operation.follow(other);
            queue.tail = operation;
            count(queue, 1);
            if (!operation.isReady()) {
                return;
            }
            if (operation.kind != Kind.SHORT) {
                ready.add(operation);
                settle();
                dispatch();
                return;
            }
            accesses++;
        } finally {
            lock.unlock();
        }
        execute(operation);
        endAccess(operation);
    }

    /** Appends work that follows everything enqueued so far in any stream. Never blocks. */
    void enqueueAfterAll(Operation operation) throws DeviceException {
        enqueue(housekeeping, operation, null);
    }

    /** Whether everything in a stream is done; for the default stream, in all streams that it orders itself with. */
    boolean isIdle(StreamQueue queue) throws DeviceException {
        boolean idle = unfinished == 0 || isIdleAlone(queue);
        requireUsable();
        return idle;
    }

    /** Waits for what a stream holds now. */
    boolean await(StreamQueue queue, long timeoutNanos) throws DeviceException {
        if (unfinished == 0) {
            requireUsable();
            return true;
        }
        if (queue.order != Order.DEFAULT) {
            return await(queue.tail, timeoutNanos);
        }
        return awaitTails(queue, timeoutNanos);
    }

    /** Waits for what the whole context holds now. */
    boolean awaitAll(long timeoutNanos) throws DeviceException {
        boolean idle = unfinished == 0;
        requireUsable();
        return idle || awaitTails(housekeeping, timeoutNanos);
    }

    /** Waits for one operation. */
    boolean await(@Nullable Operation operation, long timeoutNanos) throws DeviceException {
        // Asked in this order: what a fault has dropped is done as well.
        boolean idle = operation == null || operation.isDone();
        requireUsable();
        return idle || operation == null || awaitUntil(operation::isDone, timeoutNanos);
    }

    /** Waits until a stream has space for one more operation. */
    boolean awaitSpace(StreamQueue queue, long timeoutNanos) throws DeviceException {
        requireUsable();
        return queue.unfinished < STREAM_CAPACITY || awaitUntil(() -> queue.unfinished < STREAM_CAPACITY, timeoutNanos);
    }

    /** Waits for a condition that some operation's progress makes true. Spins a little, then sleeps. */
    boolean awaitUntil(ProgressCondition condition, long timeoutNanos) throws DeviceException {
        long start = System.nanoTime();
        long spinNanos = Math.min(timeoutNanos, Runner.SPIN_NANOS);
        while (System.nanoTime() - start < spinNanos) {
            if (condition.isTrue()) {
                requireUsable();
                return true;
            }
            requireUsable();
            Thread.onSpinWait();
        }
        lock.lock();
        try {
            while (true) {
                requireUsable();
                if (condition.isTrue()) {
                    return true;
                }
                long left = timeoutNanos - (System.nanoTime() - start);
                if (left <= 0) {
                    return false;
                }
                awaitProgress(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Marks the begin of an access to device memory from outside: the memory stays mapped until {@link #endAccess()}. */
    void beginAccess() throws DeviceException {
        lock.lock();
        try {
            requireUsable();
            accesses++;
        } finally {
            lock.unlock();
        }
    }

    /** @param ended an operation that is done with this access */
    void endAccess(@Nullable Operation ended) {
        boolean last;
        lock.lock();
        try {
            accesses--;
            if (ended != null) {
                done(ended);
                settle();
                dispatch();
            }
            last = isLast();
        } finally {
            lock.unlock();
        }
        if (last) {
            release.run();
        }
    }

    /** The owner of a held copy is through with it, or has given it up before the stream came to it. */
    void finishHeld(SoftwareCopy copy) {
        lock.lock();
        try {
            if (copy.giveUp()) {
                done(copy);
                settle();
                dispatch();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Breaks the context. The first cause stays. */
    void fail(DeviceException cause) {
        lock.lock();
        try {
            if (fault == null) {
                LOG.log(Level.WARNING, "{0} is broken: {1}: {2}", name, cause.status(), cause.getMessage());
                breakWith(cause);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Breaks the context because its owner wants it to end. Does not wait. */
    void cancel() {
        lock.lock();
        try {
            if (fault == null) {
                breakWith(new DeviceException(CudaStatus.CONTEXT_IS_DESTROYED, name + " was cancelled"));
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends what runs and releases the context's memory. Should a kernel not end in time, the thread that runs it releases the
     * memory when it ends.
     */
    void close() {
        List<Thread> threads;
        boolean quiet;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            breakWith(new DeviceException(CudaStatus.CONTEXT_IS_DESTROYED, name + " is closed"));
            threads = runners.dismiss();
            quiet = awaitQuiet();
            abandoned = !quiet;
        } finally {
            lock.unlock();
        }
        if (quiet) {
            release.run();
            join(threads);
        } else {
            LOG.log(Level.ERROR, "{0}: a kernel ignores its cancellation; its memory stays until it ends", name);
        }
    }

    /** Runs an operation and turns whatever goes wrong into the context's fault. Only marks run with the lock held. */
    void execute(Operation operation) {
        try {
            operation.run();
        } catch (DeviceException e) {
            fail(
                    e.status().isFatal()
                            ? e
                            : new DeviceException(CudaStatus.LAUNCH_FAILED, String.valueOf(e.getMessage()), e));
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, name + ": an operation failed", e);
            fail(new DeviceException(CudaStatus.LAUNCH_FAILED, "internal failure: " + e, e));
        }
    }

    /**
     * A runner is done with an operation.
     *
     * @return the next one for the same runner, or null if it shall wait for one
     */
    @Nullable
    Operation next(Runner runner, Operation finished) {
        Operation next;
        boolean last;
        lock.lock();
        try {
            done(finished);
            settle();
            next = runners.take(runner);
            dispatch();
            last = isLast();
        } finally {
            lock.unlock();
        }
        if (last) {
            release.run();
        }
        return next;
    }

    /** Whether a runner that has waited long for work may end. */
    boolean retire(Runner runner) {
        lock.lock();
        try {
            return runners.retire(runner);
        } finally {
            lock.unlock();
        }
    }

    private void requireOpen(StreamQueue queue) throws DeviceException {
        requireUsable();
        if (queue.closed) {
            throw new DeviceException(CudaStatus.INVALID_HANDLE, "the stream is destroyed");
        }
    }

    private void link(StreamQueue queue, Operation operation) {
        if (unfinished == 0) {
            return;
        }
        operation.follow(queue.tail);
        for (StreamQueue other : queues) {
            if (other != queue && ordersAfter(queue.order, other.order)) {
                operation.follow(other.tail);
            }
        }
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

    private boolean isIdleAlone(StreamQueue queue) {
        if (queue.order != Order.DEFAULT) {
            return queue.isIdle();
        }
        lock.lock();
        try {
            return tailsThatMatter(queue).isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private List<Operation> tailsThatMatter(StreamQueue queue) {
        List<Operation> tails = new ArrayList<>();
        for (StreamQueue other : queues) {
            Operation tail = other.tail;
            if (tail != null && !tail.isDone() && (other == queue || ordersAfter(queue.order, other.order))) {
                tails.add(tail);
            }
        }
        return tails;
    }

    private boolean awaitTails(StreamQueue queue, long timeoutNanos) throws DeviceException {
        List<Operation> tails;
        lock.lock();
        try {
            tails = tailsThatMatter(queue);
        } finally {
            lock.unlock();
        }
        long start = System.nanoTime();
        for (Operation tail : tails) {
            if (!await(tail, timeoutNanos - (System.nanoTime() - start))) {
                return false;
            }
        }
        requireUsable();
        return true;
    }

    /** Does what is ready and takes no time, and what becomes ready by that; the rest goes to the runners. */
    private void settle() {
        Operation operation;
        while ((operation = ready.poll()) != null) {
            if (fault != null) {
                done(operation);
                continue;
            }
            switch (operation.kind) {
                case MARK -> {
                    execute(operation);
                    done(operation);
                }
                case SHORT, LONG -> runners.add(operation);
                case HELD -> {
                    if (!operation.arrive()) {
                        done(operation);
                    } else if (waiters > 0) {
                        progress.signalAll();
                    }
                }
            }
        }
    }

    private void dispatch() {
        if (!runners.dispatch() && fault == null) {
            breakWith(new DeviceException(CudaStatus.LAUNCH_FAILED, "the operating system gives no thread to run on"));
        }
    }

    private void done(Operation operation) {
        StreamQueue queue = operation.queue;
        if (queue == null || operation.isDone()) {
            return;
        }
        for (Operation follower : operation.finish()) {
            if (follower.isReady()) {
                ready.add(follower);
            }
        }
        count(queue, -1);
        if (queue.closed && queue.unfinished == 0) {
            queues.remove(queue);
        }
        if (waiters > 0) {
            progress.signalAll();
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written under the lock only
    private void count(StreamQueue queue, int change) {
        queue.unfinished += change;
        unfinished += change;
    }

    private void breakWith(DeviceException cause) {
        fault = cause;
        runners.cancel();
        ready.addAll(runners.drain());
        settle();
        progress.signalAll();
    }

    private boolean isQuiet() {
        return accesses == 0 && runners.active() == 0;
    }

    private boolean awaitQuiet() {
        long start = System.nanoTime();
        while (!isQuiet()) {
            long left = CLOSE_PATIENCE_NANOS - (System.nanoTime() - start);
            if (left <= 0) {
                return false;
            }
            awaitProgress(left);
        }
        return true;
    }

    /** Whether the caller was the last that close waited for; true once, and only if close has given up waiting. */
    private boolean isLast() {
        if (!closed || !isQuiet()) {
            return false;
        }
        progress.signalAll();
        boolean last = abandoned;
        abandoned = false;
        return last;
    }

    private static void join(List<Thread> threads) {
        boolean interrupted = false;
        for (Thread thread : threads) {
            try {
                thread.join(1000);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for a signal or the timeout; an interrupt stays pending and does not shorten the wait. */
    private void awaitProgress(long timeoutNanos) {
        boolean interrupted = false;
        long start = System.nanoTime();
        waiters++;
        try {
            long left = timeoutNanos;
            while (left > 0) {
                try {
                    progress.awaitNanos(left);
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                    left = timeoutNanos - (System.nanoTime() - start);
                }
            }
        } finally {
            waiters--;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** A condition that the end of some operation makes true. */
    @FunctionalInterface
    interface ProgressCondition {
        boolean isTrue();
    }
}
