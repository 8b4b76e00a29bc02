package org.v4vgpu.v4v.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.AbstractScheduledEventExecutor;
import io.netty.util.concurrent.DefaultPromise;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.Promise;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ring.IdleStrategy;

/**
 * An event loop without a thread: whoever waits for something on it runs it meanwhile, so that nothing is handed over between threads.
 * Safe for any thread; what is confined to the loop belongs to the thread that has {@linkplain #enter entered} it, one at a time.
 *
 * <p>As {@link io.netty.channel.ManualIoEventLoop}, whose thread can't change. While no thread has entered it nothing happens on it:
 * a channel's bytes stay where they are, which is what a message channel wants. Ended by {@link #end}, at once.
 *
 * {@snippet :
 *   loop.enter();
 *   try {
 *       written = channel.writeAndFlush(buffer);
 *   } finally {
 *       loop.leave();
 *   }
 *   loop.await(written::isDone, Long.MAX_VALUE);
 * }
 */
final class CallerEventLoop extends AbstractScheduledEventExecutor implements IoEventLoop {
    /** No turn waits longer, so that a thread behind another one's turn keeps its own deadline about so well. */
    private static final long LONGEST_TURN_NANOS = 200_000_000;

    private enum State {
        RUNNING,
        ENDING,
        ENDED
    }

    /** Held by the loop's thread. Fair, for whoever leaves may want to enter again at once while others wait. */
    private final ReentrantLock turn = new ReentrantLock(true);

    private final IoHandler handler;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Promise<?> termination = new DefaultPromise<Void>(GlobalEventExecutor.INSTANCE);
    private final Waiting waiting = new Waiting();
    private volatile @Nullable Thread entered;
    private volatile State state = State.RUNNING;
    private boolean isInitialized;

    CallerEventLoop(IoHandlerFactory factory) {
        handler = factory.newHandler(this);
    }

    // Whose it is.

    /** Makes the calling thread the loop's, until it {@linkplain #leave leaves} as often; ends another thread's turn for that. */
    void enter() {
        if (!turn.tryLock()) {
            if (state == State.RUNNING) {
                tasks.add(CallerEventLoop::doNothing);
                handler.wakeup(); // who waits in the handler lets go
            }
            turn.lock();
        }
        entered = Thread.currentThread();
    }

    /** As a task: ends a wait. */
    private static void doNothing() {}

    void leave() {
        if (turn.getHoldCount() == 1) {
            entered = null;
        }
        turn.unlock();
    }

    // Running it.

    /** Handles what is there, without waiting. By the loop's thread. */
    void runNow() {
        run(NoWaiting.CONTEXT);
    }

    /** Handles what is there, waiting for it up to {@code timeoutNanos}. By the loop's thread. */
    void run(long timeoutNanos) {
        waiting.limitNanos = Math.clamp(timeoutNanos, 1, LONGEST_TURN_NANOS);
        run(waiting);
    }

    private void run(IoHandlerContext context) {
        if (state != State.RUNNING) {
            return;
        }
        if (!isInitialized) {
            isInitialized = true;
            handler.initialize();
        }
        boolean interrupted = Thread.interrupted(); // it would end the wait
        try {
            handler.run(context);
            runTasks();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void runTasks() {
        fetchFromScheduledTaskQueue(tasks);
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            safeExecute(task);
        }
    }

    /** Runs the loop, or lets others run it, until a condition of the loop's holds, the time is over or the loop has ended. */
    void await(BooleanSupplier condition, long timeoutNanos) {
        long start = System.nanoTime();
        enter();
        try {
            while (!condition.getAsBoolean() && state == State.RUNNING) {
                long left = timeoutNanos - (System.nanoTime() - start);
                if (left <= 0) {
                    return;
                }
                if (IdleStrategy.spin(start)) {
                    runNow();
                } else {
                    run(left);
                }
                letOthers();
            }
        } finally {
            leave();
        }
    }

    /** Whoever waits for the loop gets it. */
    private void letOthers() {
        if (turn.hasQueuedThreads()) {
            leave();
            turn.lock();
            entered = Thread.currentThread();
        }
    }

    /** Closes what is registered and frees the handler. Any thread; idempotent. */
    void end() {
        enter();
        try {
            if (state == State.RUNNING) {
                state = State.ENDING;
                handler.prepareToDestroy();
                cancelScheduledTasks();
                runTasks();
                handler.destroy();
                state = State.ENDED;
                runTasks();
                termination.setSuccess(null);
            }
        } finally {
            leave();
        }
    }

    /** What a turn may wait for. */
    private final class Waiting implements IoHandlerContext {
        long limitNanos;

        @Override
        public boolean canBlock() {
            return tasks.isEmpty() && !hasScheduledTasks();
        }

        @Override
        public long delayNanos(long currentTimeNanos) {
            return Math.min(limitNanos, CallerEventLoop.this.delayNanos(currentTimeNanos, limitNanos));
        }

        @Override
        public long deadlineNanos() {
            long now = System.nanoTime();
            return now + delayNanos(now);
        }
    }

    /** A turn that waits for nothing. */
    private enum NoWaiting implements IoHandlerContext {
        CONTEXT;

        @Override
        public boolean canBlock() {
            return false;
        }

        @Override
        public long delayNanos(long currentTimeNanos) {
            return 0;
        }

        @Override
        public long deadlineNanos() {
            return -1;
        }
    }

    // What Netty asks of an event loop.

    @Override
    public boolean inEventLoop(Thread thread) {
        return entered == thread;
    }

    @Override
    public void execute(Runnable task) {
        if (state == State.ENDED) {
            throw new RejectedExecutionException("the event loop has ended");
        }
        tasks.add(task);
        if (!inEventLoop()) {
            handler.wakeup();
        }
    }

    @Override
    public Future<IoRegistration> register(IoHandle handle) {
        Promise<IoRegistration> promise = newPromise();
        if (inEventLoop()) {
            register(handle, promise);
        } else {
            execute(() -> register(handle, promise));
        }
        return promise;
    }

    private void register(IoHandle handle, Promise<IoRegistration> promise) {
        try {
            promise.setSuccess(handler.register(handle));
        } catch (Exception e) { // as the handler's contract has it: whatever it is, it is the future's
            promise.setFailure(e);
        }
    }

    @Override
    @Deprecated
    public ChannelFuture register(Channel channel) {
        return register(new DefaultChannelPromise(channel, this));
    }

    @Override
    @Deprecated
    public ChannelFuture register(ChannelPromise promise) {
        promise.channel().unsafe().register(this, promise);
        return promise;
    }

    @Override
    @Deprecated
    public ChannelFuture register(Channel channel, ChannelPromise promise) {
        channel.unsafe().register(this, promise);
        return promise;
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return handler.isCompatible(handleType);
    }

    @Override
    public boolean isIoType(Class<? extends IoHandler> handlerType) {
        return handler.getClass().equals(handlerType);
    }

    @Override
    public IoEventLoop next() {
        return this;
    }

    @Override
    public IoEventLoopGroup parent() {
        return this;
    }

    @Override
    public boolean isShuttingDown() {
        return state != State.RUNNING;
    }

    @Override
    public boolean isShutdown() {
        return state == State.ENDED;
    }

    @Override
    public boolean isTerminated() {
        return state == State.ENDED;
    }

    @Override
    @Deprecated
    public void shutdown() {
        end();
    }

    /** At once: nobody else uses this loop who would need a quiet period. */
    @Override
    public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
        end();
        return termination;
    }

    @Override
    public Future<?> terminationFuture() {
        return termination;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
        return termination.await(timeout, unit);
    }
}
