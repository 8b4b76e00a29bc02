package org.v4vgpu.v4v.netty;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.v4vgpu.v4v.ring.DoorbellPanel;

/**
 * Waits for the rings of many channels on one event loop's thread, and tells the channels. Confined to the loop, but for {@link
 * #wakeup}.
 *
 * <p>A turn looks at every ring that a channel waits for; that costs a read of one shared word each, and a domain has at most 128
 * rings. So events are levels, not edges, and none is lost when a channel stops in between. When nothing is there the loop spins as
 * long as {@link org.v4vgpu.v4v.ring.IdleStrategy} says, then sleeps on the doorbells of all of them and on one that {@link
 * #wakeup} rings.
 */
public final class V4vIoHandler implements IoHandler {
    private static final Logger LOG = System.getLogger(V4vIoHandler.class.getName());
    private static final long LOOK_AROUND_NANOS = 500_000_000L;

    private final ThreadAwareExecutor executor;
    private final AtomicBoolean woken = new AtomicBoolean();
    private final DoorbellPanel panel = new DoorbellPanel(this::isWaitOver);

    // The loop's.
    private final List<V4vIoRegistration> registrations = new ArrayList<>();
    private V4vIoRegistration[] scanned = {};
    private boolean registrationsChanged;
    private boolean interestsChanged;
    private boolean closing;
    private long lookedAroundNanos = System.nanoTime();

    private V4vIoHandler(ThreadAwareExecutor executor) {
        this.executor = executor;
    }

    /**
     * For {@link io.netty.channel.MultiThreadIoEventLoopGroup} and its kind.
     *
     * @throws UnsupportedOperationException where {@link V4vNetty} is not available
     */
    public static IoHandlerFactory newFactory() {
        V4vNetty.ensureAvailability();
        return new IoHandlerFactory() {
            @Override
            public IoHandler newHandler(ThreadAwareExecutor executor) {
                return new V4vIoHandler(executor);
            }

            // Nothing in a handler belongs to a thread, so a group may stop loops that have no channels.
            @Override
            public boolean isChangingThreadSupported() {
                return true;
            }
        };
    }

    @Override
    public int run(IoHandlerContext context) {
        woken.set(false); // before canBlock: who adds a task after that wakes us again
        boolean measures = context.shouldReportActiveIoTime();
        long active = measures ? System.nanoTime() : 0;
        int handled = dispatch();
        if (handled == 0 && context.canBlock()) {
            if (measures) {
                context.reportActiveIoTime(System.nanoTime() - active);
            }
            await(context);
            active = measures ? System.nanoTime() : 0;
            handled = dispatch();
        }
        lookAroundIfDue(); // also where there is always something to do, and no wait
        if (measures) {
            context.reportActiveIoTime(System.nanoTime() - active);
        }
        return handled;
    }

    private void await(IoHandlerContext context) {
        if (interestsChanged) {
            interestsChanged = false;
            panel.clear();
            for (V4vIoRegistration registration : registrations) {
                if (registration.interest() != V4vIoOps.NONE) {
                    registration.handle().watch(registration.interest(), panel);
                }
            }
        }
        long now = System.nanoTime();
        panel.await(Math.min(context.delayNanos(now), LOOK_AROUND_NANOS));
    }

    private boolean isWaitOver() {
        if (woken.get()) {
            return true;
        }
        for (V4vIoRegistration registration : scanned) {
            if (registration.ready() != V4vIoOps.NONE) {
                return true;
            }
        }
        return false;
    }

    /** Tells every channel for which there is something, once. */
    private int dispatch() {
        if (registrationsChanged) {
            registrationsChanged = false;
            scanned = registrations.toArray(V4vIoRegistration[]::new);
        }
        int handled = 0;
        for (V4vIoRegistration registration : scanned) {
            V4vIoOps ready = registration.ready();
            if (ready != V4vIoOps.NONE) {
                tell(registration, ready);
                handled++;
            }
        }
        return handled;
    }

    private void lookAroundIfDue() {
        long now = System.nanoTime();
        if (now - lookedAroundNanos > LOOK_AROUND_NANOS) {
            lookedAroundNanos = now;
            lookAround();
        }
    }

    /** Tells channels whose peer has gone without a word. */
    private void lookAround() {
        for (V4vIoRegistration registration : scanned) {
            if (registration.isValid()
                    && registration.interest().read()
                    && registration.handle().isPeerGone()) {
                tell(registration, V4vIoOps.READ);
            }
        }
    }

    private static void tell(V4vIoRegistration registration, V4vIoOps ready) {
        try {
            registration.handle().handle(registration, ready);
        } catch (RuntimeException e) { // the loop must outlive it
            LOG.log(Level.WARNING, "a V4V channel failed to handle " + ready, e);
        }
    }

    @Override
    public void wakeup() {
        if (!executor.isExecutorThread(Thread.currentThread()) && !woken.getAndSet(true)) {
            panel.ring();
        }
    }

    @Override
    public IoRegistration register(IoHandle handle) {
        if (!(handle instanceof V4vIoHandle ours)) {
            throw new IllegalArgumentException(
                    "a handle of type " + handle.getClass().getName() + " is not of the V4V transport");
        }
        if (closing) {
            throw new IllegalStateException("the event loop is shutting down");
        }
        V4vIoRegistration registration = new V4vIoRegistration(this, ours);
        registrations.add(registration);
        registrationsChanged = true;
        ours.registered();
        return registration;
    }

    void remove(V4vIoRegistration registration) {
        if (registrations.remove(registration)) {
            registrationsChanged = true;
            interestsChanged = true;
            registration.handle().unregistered();
        }
    }

    /** Another set of doorbells must be slept on. */
    void interestsChanged() {
        interestsChanged = true;
    }

    /** Runs something on the loop, now if this is its thread. */
    void onLoop(Runnable task) {
        if (executor.isExecutorThread(Thread.currentThread())) {
            task.run();
        } else {
            executor.execute(task);
        }
    }

    @Override
    public void prepareToDestroy() {
        closing = true;
        for (V4vIoRegistration registration : List.copyOf(registrations)) {
            try {
                registration.handle().close();
            } catch (RuntimeException e) { // the others must be closed too
                LOG.log(Level.WARNING, "a V4V channel did not close with its event loop", e);
            }
        }
    }

    @Override
    public void destroy() {
        prepareToDestroy(); // not called before if the loop was told to end at the end of its turn
        for (V4vIoRegistration registration : List.copyOf(registrations)) {
            registration.cancel();
        }
        panel.close();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return V4vIoHandle.class.isAssignableFrom(handleType);
    }
}
