package org.v4vgpu.v4v.ring;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.SendRing;

/**
 * The doorbells of several rings, and one of its own, on which one thread sleeps at once: an event loop's wait. Confined to that
 * thread; {@link #ring} is safe for any.
 *
 * {@snippet :
 *   DoorbellPanel panel = new DoorbellPanel(() -> stopping || isAnythingReady()); // by ReceiveRing.isReady, SendRing.isReady
 *   panel.add(receiveRing);
 *   panel.await(timeoutNanos);
 * }
 *
 * <p>Each ring's other side rings as it does for a sleeper on that ring alone, and the same protocol excludes lost wake-ups
 * ({@link Doorbell}): the condition is asked again after all words say ASLEEP. One system call waits for all of them
 * ({@link FutexVector}). What can't be slept on is looked at every millisecond while the panel sleeps: rings without such a word, as
 * other hypervisors have, those beyond the first {@value #MOST_RINGS}, and words that end the sleep again and again for nothing.
 */
public final class DoorbellPanel implements AutoCloseable {
    private static final int MOST_RINGS = FutexVector.MOST_WORDS - 1;

    private final List<RingEnd> ends = new ArrayList<>();
    private final FutexVector words = new FutexVector();
    private final Own own = new Own();
    private final IdleStrategy.Condition condition;
    private boolean isBlind;

    /**
     * @param condition whether a wait is over, for whatever reason; the waiting thread asks it. It must look at the rings and at
     *     what {@link #ring} announces
     */
    public DoorbellPanel(BooleanSupplier condition) {
        this.condition = condition::getAsBoolean;
    }

    /** Adds what rings when the ring's {@link ReceiveRing#isReady} may have become true; its memory stays until {@link #clear}. */
    public void add(ReceiveRing ring) {
        switch (ring) {
            case SharedReceiveRing shared -> add(shared.end());
            case ArgoReceiveRing argo -> add(argo.end());
            default -> isBlind = true;
        }
    }

    /** Adds what rings when the ring's {@link SendRing#isReady} may have become true; its memory stays until {@link #clear}. */
    public void add(SendRing ring) {
        switch (ring) {
            case SharedSendRing shared -> add(shared.end());
            case StagedSendRing staged -> add(staged.end());
            default -> isBlind = true;
        }
    }

    private void add(RingEnd end) {
        if (ends.size() < MOST_RINGS && end.hold()) {
            ends.add(end);
        } else {
            isBlind = true;
        }
    }

    /** Removes all rings. */
    public void clear() {
        ends.forEach(RingEnd::letGo);
        ends.clear();
        isBlind = false;
    }

    /** Waits until the condition says so or the time is over. Spins first, as {@link IdleStrategy} says. */
    public void await(long timeoutNanos) {
        try {
            IdleStrategy.await(condition, own, timeoutNanos);
        } catch (IOException e) {
            throw new AssertionError("the condition throws none", e);
        } finally {
            own.forgetRefusals();
        }
    }

    /** Makes a waiting thread ask the condition again. Any thread; costs no system call while it is awake. */
    public void ring() {
        own.ring();
    }

    /** Lets the rings go. {@link #ring} does no harm from then on. */
    @Override
    public void close() {
        clear();
    }

    /** The panel's own word, which falls asleep and wakes up together with all others. */
    private final class Own extends Doorbell {
        private boolean hasSlept;

        Own() {
            super(Arena.ofAuto().allocate(Integer.BYTES, Integer.BYTES), 0, true, false);
        }

        @Override
        void fallAsleep() {
            for (int i = 0; i < ends.size(); i++) {
                ends.get(i).own.fallAsleep();
            }
            super.fallAsleep();
        }

        @Override
        void sleep(long nanos, long waitedNanos) {
            boolean blind = isBlind;
            hasSlept = true;
            words.clear();
            if (!join(words)) {
                return;
            }
            for (int i = 0; i < ends.size(); i++) {
                Doorbell doorbell = ends.get(i).own;
                if (!doorbell.join(words)) {
                    if (!doorbell.isPolled() && doorbell.refuses()) {
                        return;
                    }
                    blind = true; // rung by nobody, or its other side has written nonsense: sleep all the same, but not
                    // on that
                }
            }
            words.await(blind ? Math.min(nanos, FutexVector.BLIND_NANOS) : nanos);
            for (int i = 0; i < ends.size(); i++) {
                var _ = ends.get(i)
                        .own
                        .refuses(); // counts whose word has cut the sleep short, should it have been for nothing
            }
        }

        @Override
        void forgetRefusals() {
            if (hasSlept) {
                hasSlept = false;
                for (int i = 0; i < ends.size(); i++) {
                    ends.get(i).own.forgetRefusals();
                }
            }
        }

        @Override
        void wakeUp() {
            super.wakeUp();
            for (int i = 0; i < ends.size(); i++) {
                ends.get(i).own.wakeUp();
            }
        }
    }
}
