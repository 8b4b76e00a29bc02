package org.v4vgpu.server.session;

import java.io.IOException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.v4vgpu.proto.ProtocolException;

/**
 * Lets a session's calls be issued in the order of their numbers, whichever lane they come by: 1, 2, 3 and so on. Safe for any
 * thread. With one lane it costs a volatile read and a volatile write per call.
 *
 * <p>A lane passes {@link #enter} before it issues a call and says {@link #leave} as soon as the call is issued; it holds nothing
 * between them that others wait for but the turn itself.
 */
final class SequenceGate {
    private static final int SPINS = 100;
    private static final long TICK_NANOS = 50_000_000L;

    private final long missingNanos;
    private final Supplier<Activity> lanes;
    private final ConcurrentHashMap<Long, Thread> waiters = new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();

    /** The latest number that is issued. Written only by the lane whose turn it is. */
    private volatile long issued;

    /** The number whose lane has entered last; what is beyond {@link #issued} by one and not this is missing. */
    private final AtomicLong entered = new AtomicLong();

    private volatile boolean closed;

    /**
     * @param missingNanos how long a number may be missing, while nobody does what may bring it, before a wait for it fails
     * @param lanes asked now and then by lanes that wait long
     */
    SequenceGate(long missingNanos, Supplier<Activity> lanes) {
        this.missingNanos = missingNanos;
        this.lanes = lanes;
    }

    /**
     * What a session's lanes do. One that works may find the missing number behind what it works on; one that receives and gets
     * nothing does not.
     *
     * @param working lanes that don't wait for their client's next message, those that wait here among them
     * @param received bytes over all lanes
     */
    record Activity(int working, long received) {}

    /** What a waiting lane does now and then: looks whether its client still lives. */
    interface Watch {
        void check() throws IOException;
    }

    /**
     * Waits until every number below {@code number} is issued.
     *
     * @throws ProtocolException if the number was used before, or one before it never comes
     */
    void enter(long number, Watch watch) throws IOException {
        if (issued != number - 1) {
            await(number, watch);
        }
        entered.setOpaque(number); // no fence: only a lane that has waited for seconds looks at it
    }

    /** The call that entered with this number is issued: the next one may enter. */
    void leave(long number) {
        issued = number; // SYNC: gate-turn
        if (waiting.get() > 0) {
            Thread next = waiters.get(number + 1);
            if (next != null) {
                LockSupport.unpark(next);
            }
        }
    }

    /** Whether a lane waits for a number that is not issued. */
    boolean isAwaited() {
        return waiting.get() > 0;
    }

    /** Ends every wait with an exception. */
    void close() {
        closed = true;
        waiters.values().forEach(LockSupport::unpark);
    }

    private void await(long number, Watch watch) throws IOException {
        for (int i = 0; i < SPINS; i++) {
            if (issued == number - 1) { // SYNC: gate-turn
                return;
            }
            Thread.onSpinWait();
        }
        if (waiters.putIfAbsent(number, Thread.currentThread()) != null) {
            throw new ProtocolException("two calls with the number " + number);
        }
        waiting.incrementAndGet();
        try {
            park(number, watch);
        } finally {
            waiting.decrementAndGet();
            waiters.remove(number);
        }
    }

    private void park(long number, Watch watch) throws IOException {
        long seen = issued;
        long since = System.nanoTime();
        long received = -1;
        while (true) {
            long now = issued; // SYNC: gate-turn
            if (now == number - 1) {
                return;
            }
            if (now >= number) {
                throw new ProtocolException("call number " + number + " after " + now + " was issued");
            }
            if (closed) {
                throw new IOException("the session has ended");
            }
            LockSupport.parkNanos(this, TICK_NANOS);
            watch.check();
            long time = System.nanoTime();
            Activity activity = lanes.get();
            if (now != seen
                    || entered.getOpaque() == now + 1
                    || activity.working() > waiting.get()
                    || activity.received() != received) {
                seen = now;
                received = activity.received();
                since = time;
            } else if (time - since > missingNanos) {
                throw new ProtocolException(
                        "call number " + (now + 1) + " never came, number " + number + " waits for it");
            }
        }
    }
}
