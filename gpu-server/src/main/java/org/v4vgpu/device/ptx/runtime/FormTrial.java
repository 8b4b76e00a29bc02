package org.v4vgpu.device.ptx.runtime;

/**
 * Measures the two forms of a kernel against each other, a block now in the one and now in the other, until {@link FormSamples} tell
 * which is faster or the second form has had its time. Meanwhile the one that looks slower has its {@link FormAllowance}. Now and then it
 * tries again, for the JVM compiles meanwhile, and kernels get other things to do. Safe for any thread.
 */
final class FormTrial {
    /** What a block is to the trial. */
    enum Part {
        /** Runs in the form that is settled, or the first, and is not measured. */
        NONE,
        /** Tells whether the kernel is worth a second form. */
        EARLY,
        SINGLE,
        STRIPS
    }

    /** A kernel that has not run for so long is not worth a second form. */
    private static final long WORTH_NANOS = 10_000_000;

    /** What the second form may take in all until it wins, of what its allowance gives it: the JVM compiles it meanwhile. */
    private static final long PATIENCE_NANOS = 3_000_000_000L;

    /** So many blocks in a row that take so many times what they take in the first form tell that the second one has lost its code. */
    private static final int LAPSES = 4;

    private static final double LAPSE = 1.5;

    /** So long a verdict holds at least, unless that happens. */
    static final long VERDICT_NANOS = 10_000_000_000L;

    private enum Phase {
        WAITING,
        MAKING,
        TRYING,
        /** As before, until samples are full: the verdict stays if they do not tell otherwise. */
        REVIEWING
    }

    // Guarded by this.
    private Phase phase = Phase.WAITING;
    private long early;
    private final FormAllowance allowance = new FormAllowance();

    /** What the second form has taken in this trial. */
    private long inStrips;

    private final FormSamples samples = new FormSamples();
    private int blocks;
    private int chance = 0x2545_F491;
    private boolean isFinal;
    private int lapses;
    private long verdictAt;

    // SYNC: trial-over. Written with `won` before `over`.
    private volatile boolean over;
    private volatile boolean won;

    boolean isOver() {
        return over;
    }

    boolean isWon() {
        return won;
    }

    /** Ends it for good. */
    synchronized void decide(boolean forStrips) {
        isFinal = true;
        settle(forStrips, System.nanoTime());
    }

    private void settle(boolean forStrips, long now) {
        verdictAt = now;
        won = forStrips;
        over = true;
    }

    /** The second form can't be made now: it is asked for again when the kernel has run as long once more. */
    synchronized void postpone() {
        phase = Phase.WAITING;
        early = 0;
    }

    /** The second form is there. */
    synchronized void begin() {
        phase = Phase.TRYING;
    }

    /**
     * Begins once more if the verdict is old enough.
     *
     * @param now as {@link System#nanoTime} tells it
     */
    synchronized void review(long now) {
        if (isFinal || !over || now - verdictAt < VERDICT_NANOS) {
            return;
        }
        again(Phase.REVIEWING);
    }

    private void again(Phase next) {
        phase = next;
        lapses = 0;
        samples.clear();
        blocks = 0;
        inStrips = 0;
        allowance.again();
        over = false;
    }

    /**
     * A block has run in the form that is settled. The JVM takes code back that has come upon something new, and interprets it until it has
     * compiled it again: so it has to win once more. To be told now and then.
     *
     * @param now as {@link System#nanoTime} tells it
     */
    synchronized void look(long nanos, long now) {
        review(now);
        if (isFinal || !over || !won) {
            return;
        }
        lapses = (double) nanos > LAPSE * allowance.singleNanos() ? lapses + 1 : 0;
        if (lapses >= LAPSES) {
            again(Phase.TRYING);
        }
    }

    /** Whether there is nothing to find out: a verdict, or a kernel that has not run. */
    synchronized boolean isSettled() {
        return over || (phase == Phase.WAITING && early == 0);
    }

    /**
     * A block begins. Which form it gets is left to chance where both may have it. The first form is what the kernel would have without
     * the second one: only when the other has won it costs anything.
     *
     * @return what to give to {@link #ran} or {@link #broke} when it ends
     */
    synchronized Part next() {
        if (over || phase == Phase.MAKING) {
            return Part.NONE;
        }
        if (phase == Phase.WAITING) {
            return Part.EARLY;
        }
        boolean strips = allowance.allows(true)
                && (!allowance.isKnown() || isHeads() || (phase == Phase.REVIEWING && !allowance.allows(false)));
        allowance.began(strips);
        return strips ? Part.STRIPS : Part.SINGLE;
    }

    /** Marsaglia's xorshift. */
    private boolean isHeads() {
        chance ^= chance << 13;
        chance ^= chance >>> 17;
        chance ^= chance << 5;
        return (chance & 0x100) != 0;
    }

    /** A block has not come to its end. */
    synchronized void broke(Part part) {
        if (part == Part.SINGLE || part == Part.STRIPS) {
            allowance.broke(part == Part.STRIPS);
        }
    }

    /**
     * A block has run.
     *
     * @return true once, when the second form shall be made
     */
    synchronized boolean ran(Part part, long nanos) {
        if (over || part == Part.NONE) {
            broke(part);
            return false;
        }
        if (part == Part.EARLY) {
            early += nanos;
            if (phase == Phase.WAITING || phase == Phase.MAKING) {
                allowance.early(nanos);
            }
            boolean isWorth = phase == Phase.WAITING && early > WORTH_NANOS;
            phase = isWorth ? Phase.MAKING : phase;
            return isWorth;
        }
        boolean strips = part == Part.STRIPS;
        inStrips += strips ? nanos : 0;
        allowance.ran(strips, nanos);
        samples.add(strips, nanos);
        blocks++;
        if (samples.isFaster(true)) {
            settle(true, System.nanoTime());
        } else if (phase == Phase.REVIEWING) {
            if (samples.isFaster(false)) {
                settle(false, System.nanoTime());
            } else if (blocks >= FormSamples.MOST) {
                settle(won, System.nanoTime());
            }
        } else if (inStrips > PATIENCE_NANOS) {
            settle(false, System.nanoTime());
        }
        return false;
    }
}
