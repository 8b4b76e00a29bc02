package org.v4vgpu.device.software;

import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.software.Operation.Kind;
import org.v4vgpu.device.software.StreamQueue.Order;
import org.v4vgpu.proto.CudaStatus;

/**
 * Orders and runs the work of one context, as CUDA's streams order it. Safe for any thread. What can be waited for is in {@link
 * #waits()}.
 *
 * <p>Every operation counts the operations that it follows; the last of them to end makes it ready. What is ready runs where its
 * {@link Operation.Kind} says. One lock guards all links of a context; it is never held while work runs or a thread waits.
 *
 * <p>A fault, a cancel or a close breaks the scheduler for good: enqueued work is dropped, running kernels are cancelled, waiting
 * threads wake, and {@link #requireUsable()} throws the cause from then on.
 */
final class Scheduler {
    private static final System.Logger LOG = System.getLogger(Scheduler.class.getName());

    /** How long {@link #close()} waits for cancelled work to end. */
    static final long CLOSE_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Progress progress = new Progress();
    private final StreamQueues queues = new StreamQueues();
    private final ContextFault fault = new ContextFault();
    private final StreamWaits waits = new StreamWaits(progress, queues, fault);
    private final String name;
    private final Runners runners;
    private final MemoryUse use;
    private final Runnable release;
    private final long closePatienceNanos;

    // Guarded by the lock of `progress`.
    private final ArrayDeque<Operation> ready = new ArrayDeque<>();

    /**
     * @param name what logs and threads call the context
     * @param release frees the context's memory; runs once, after close, when no operation runs any more
     */
    Scheduler(String name, Runnable release, long closePatienceNanos) {
        this.name = name;
        this.release = release;
        this.closePatienceNanos = closePatienceNanos;
        this.runners = new Runners(name, this);
        this.use = new MemoryUse(progress, runners);
    }

    boolean isUsable() {
        return !fault.isSet();
    }

    /** Throws what broke the context, if something did. */
    void requireUsable() throws DeviceException {
        fault.requireNone();
    }

    StreamWaits waits() {
        return waits;
    }

    StreamQueue open(Order order) {
        progress.lock();
        try {
            return queues.open(order);
        } finally {
            progress.unlock();
        }
    }

    /** What the queue holds still runs. */
    void close(StreamQueue queue) {
        progress.lock();
        try {
            queues.close(queue);
        } finally {
            progress.unlock();
        }
    }

    /** Appends work to a stream. Never blocks; {@link StreamWaits#awaitSpace} is the back pressure. */
    void enqueue(StreamQueue queue, Operation operation) throws DeviceException {
        enqueue(queue, operation, null);
    }

    /** As {@link #enqueue(StreamQueue, Operation)}, and the work also waits for {@code other}. */
    void enqueue(StreamQueue queue, Operation operation, @Nullable Operation other) throws DeviceException {
        progress.lock();
        try {
            requireUsable();
            queues.requireOpen(queue);
            queues.append(queue, operation);
            operation.follow(other);
            if (!operation.isReady()) {
                return;
            }
            if (operation.kind != Kind.SHORT) {
                ready.add(operation);
                settle();
                dispatch();
                return;
            }
            use.begin();
        } finally {
            progress.unlock();
        }
        execute(operation);
        endAccess(operation);
    }

    /** Appends work that follows everything enqueued so far in any stream. */
    void enqueueAfterAll(Operation operation) throws DeviceException {
        enqueue(queues.housekeeping(), operation, null);
    }

    /** Marks the begin of an access to device memory from outside: the memory stays mapped until {@link #endAccess}. */
    void beginAccess() throws DeviceException {
        progress.lock();
        try {
            requireUsable();
            use.begin();
        } finally {
            progress.unlock();
        }
    }

    /**
     * Ends what {@link #beginAccess()} began.
     *
     * @param ended an operation that is done with this access
     */
    void endAccess(@Nullable Operation ended) {
        boolean last;
        progress.lock();
        try {
            use.end();
            if (ended != null) {
                done(ended);
                settle();
                dispatch();
            }
            last = use.isReleasedByCaller();
        } finally {
            progress.unlock();
        }
        if (last) {
            release.run();
        }
    }

    /** The owner of a held operation is through with it, or has given it up before the stream came to it. */
    void finishHeld(Operation held) {
        progress.lock();
        try {
            if (held.giveUp()) {
                done(held);
                settle();
                dispatch();
            }
        } finally {
            progress.unlock();
        }
    }

    /** Breaks the context. The first cause stays. */
    void fail(DeviceException cause) {
        progress.lock();
        try {
            if (!fault.isSet()) {
                LOG.log(Level.WARNING, "{0} is broken: {1}: {2}", name, cause.status(), cause.getMessage());
                breakWith(cause);
            }
        } finally {
            progress.unlock();
        }
    }

    /** Breaks the context because its owner wants it to end. Does not wait. */
    void cancel() {
        progress.lock();
        try {
            if (!fault.isSet()) {
                breakWith(new DeviceException(CudaStatus.CONTEXT_IS_DESTROYED, name + " was cancelled"));
            }
        } finally {
            progress.unlock();
        }
    }

    /**
     * Ends what runs and releases the context's memory. Should a kernel not end in time, the thread that runs it releases the
     * memory when it ends.
     */
    void close() {
        List<Thread> threads;
        boolean quiet;
        progress.lock();
        try {
            if (!use.close()) {
                return;
            }
            breakWith(new DeviceException(CudaStatus.CONTEXT_IS_DESTROYED, name + " is closed"));
            threads = runners.dismiss();
            quiet = use.awaitNone(closePatienceNanos);
        } finally {
            progress.unlock();
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
        progress.lock();
        try {
            done(finished);
            settle();
            next = runners.take(runner);
            dispatch();
            last = use.isReleasedByCaller();
        } finally {
            progress.unlock();
        }
        if (last) {
            release.run();
        }
        return next;
    }

    /** Whether a runner that has waited long for work may end. */
    boolean retire(Runner runner) {
        progress.lock();
        try {
            return runners.retire(runner);
        } finally {
            progress.unlock();
        }
    }

    /** Does what is ready and takes no time, and what becomes ready by that; the rest goes to the runners. */
    private void settle() {
        Operation operation;
        while ((operation = ready.poll()) != null) {
            if (fault.isSet()) {
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
                    } else {
                        progress.signal();
                    }
                }
            }
        }
    }

    private void dispatch() {
        if (!runners.dispatch() && !fault.isSet()) {
            breakWith(new DeviceException(CudaStatus.LAUNCH_FAILED, "the operating system gives no thread to run on"));
        }
    }

    private void done(Operation operation) {
        StreamQueue queue = operation.queue;
        if (queue == null || operation.isOver()) {
            return;
        }
        operation.end(ready);
        queues.remove(queue);
        progress.signal();
    }

    private void breakWith(DeviceException cause) {
        fault.set(cause);
        runners.cancel();
        ready.addAll(runners.drain());
        settle();
        progress.signal();
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
}
