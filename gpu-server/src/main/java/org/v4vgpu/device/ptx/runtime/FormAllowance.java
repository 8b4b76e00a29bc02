package org.v4vgpu.device.ptx.runtime;

/**
 * How long the blocks of a kernel have taken of late in either of its forms, and what the form that looks slower may still take: a quarter
 * of the kernel's time and 50 ms. New code is interpreted at first, and looks slow until the JVM has compiled it, which it does when it
 * has run often enough: so a form that looks slow goes on to have blocks, at intervals as long as they take. Not safe for threads.
 */
final class FormAllowance {
    static final long FREE_NANOS = 50_000_000;

    /** One part in so many of the kernel's time. */
    static final int SHARE = 4;

    /** So many times as long as in the first form a block may take when it is the second form's first. */
    static final int GUESS = 20;

    /** As logarithm: closer to each other the forms look alike, and neither costs anything. */
    private static final double ALIKE = Math.log(1.1);

    /** The mean of logarithms, in which the last ones count most. */
    private static final class Recent {
        private final int most;
        private int count;
        private double mean;

        Recent(int most) {
            this.most = most;
        }

        void add(double logarithm) {
            count = Math.min(count + 1, most);
            mean += (logarithm - mean) / count;
        }
    }

    private final Recent single = new Recent(16);

    /** The second form's blocks, by what the first one's took then: what the kernel has to do may change. */
    private final Recent slowness = new Recent(8);

    private long total;
    private long spentSingle;
    private long spentStrips;
    private int runningSingle;
    private int runningStrips;

    /** A block of the first form has run before there was a second one. */
    void early(long nanos) {
        total += nanos;
    }

    /** Nothing is spent yet, and no time has passed; what is known of the forms stays. */
    void again() {
        total = 0;
        spentSingle = 0;
        spentStrips = 0;
    }

    /** What the first form's blocks have taken of late. */
    double singleNanos() {
        return Math.exp(single.mean);
    }

    /** Whether the second form has run a block to its end. */
    boolean isKnown() {
        return slowness.count > 0;
    }

    /** Whether a block may run in a form now, as far as its time goes. */
    boolean allows(boolean strips) {
        if (strips && !isKnown() && (runningStrips > 0 || single.count == 0)) {
            return false; // One of each tells what they take.
        }
        if (!looksSlower(strips)) {
            return true;
        }
        double relative = !strips ? 0 : isKnown() ? slowness.mean : Math.log(GUESS);
        double block = Math.exp(single.mean + relative);
        double spent = strips ? spentStrips : spentSingle;
        int running = strips ? runningStrips : runningSingle;
        return spent + (running + 1) * block <= FREE_NANOS + (double) total / SHARE;
    }

    private boolean looksSlower(boolean strips) {
        return strips ? !isKnown() || slowness.mean > ALIKE : isKnown() && slowness.mean < -ALIKE;
    }

    void began(boolean strips) {
        count(strips, 1);
    }

    /** A block has not come to its end. */
    void broke(boolean strips) {
        count(strips, -1);
    }

    private void count(boolean strips, int change) {
        runningStrips += strips ? change : 0;
        runningSingle += strips ? 0 : change;
    }

    void ran(boolean strips, long nanos) {
        count(strips, -1);
        total += nanos;
        double logarithm = Math.log((double) Math.max(1, nanos));
        if (looksSlower(strips)) {
            spentStrips += strips ? nanos : 0;
            spentSingle += strips ? 0 : nanos;
        }
        if (strips) {
            slowness.add(logarithm - single.mean);
        } else {
            single.add(logarithm);
        }
    }
}
