package org.v4vgpu.v4v.ring;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What both ends of a shared ring have: holds on its memory, the doorbell that this end sleeps on and the one that it rings, and the
 * reasons why a wait is over. Safe for any thread.
 */
final class RingEnd {
    /** The whole mapping. */
    final MemorySegment ring;

    /** What this end sleeps on. */
    final Doorbell own;

    /** What the other end sleeps on, and where it says that it has gone. */
    final Doorbell other;

    private final RingMemory memory;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean partnerGone;
    private volatile boolean woken;

    /** Takes over a hold on the memory; {@code leaves} is {@link Doorbell#leaves}. */
    RingEnd(RingMemory memory, long ownDoorbell, long otherDoorbell, boolean leaves) {
        this.memory = memory;
        this.ring = memory.segment();
        this.own = new Doorbell(ring, ownDoorbell, leaves);
        this.other = new Doorbell(ring, otherDoorbell, false);
    }

    boolean hold() {
        return memory.hold();
    }

    void letGo() {
        memory.letGo();
    }

    /** Ends a wait that is in progress or about to begin. */
    void wake() {
        woken = true;
        shake();
    }

    /** The waiter has seen that it was woken. */
    void forgetWake() {
        if (woken) {
            woken = false;
        }
    }

    /** The partner's domain has died. */
    void partnerGone() {
        partnerGone = true;
        shake();
    }

    private void shake() {
        if (memory.hold()) {
            own.shake();
            memory.letGo();
        }
    }

    boolean isPartnerGone() {
        return partnerGone;
    }

    /** Whether the other end has said that it has gone, or nothing can be said any more because the memory has. */
    boolean hasOtherLeft() {
        if (!memory.hold()) {
            return true;
        }
        boolean left = other.isClosed();
        memory.letGo();
        return left;
    }

    boolean isClosed() {
        return closed.get();
    }

    /** Whether somebody here wants the wait to end. */
    boolean isInterrupted() {
        return woken || closed.get();
    }

    /** Whether there is nobody to wait for. Needs the memory. */
    boolean isInVain() {
        return partnerGone || other.isClosed();
    }

    /** Leaves once: {@code unlist} runs, the other end is told and woken, and the hold ends. */
    void close(Runnable unlist) {
        if (closed.compareAndSet(false, true)) {
            unlist.run();
            own.close();
            other.shake();
            memory.letGo();
        }
    }
}
