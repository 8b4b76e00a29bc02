package org.v4vgpu.device.ptx.runtime;

/**
 * Whether a kernel's blocks begin in the form whose threads part by place: so they do once most strips of most blocks have gone over to
 * it in the end, as those do whose every row has something to do for its ends. Now and then a block tries the other. Safe for any
 * thread: what is lost between threads is a vote of many.
 */
final class PlaceParting {
    /** Votes before anything changes, and blocks from trial to trial. */
    private static final int MANY = 16;

    private static final int TRIAL = 256;

    // Racy, both.
    private int votes;
    private int blocks;

    /** A block begins: whether it shall begin so. */
    boolean next() {
        return votes >= MANY && ++blocks % TRIAL != 0;
    }

    /**
     * A block has run that did not begin so.
     *
     * @param strayed of its threads, how many have gone over; of every region
     */
    void ran(int strayed, int threads) {
        int before = votes;
        int after = 2 * strayed >= threads ? Math.min(before + 1, 2 * MANY) : Math.max(before - 1, 0);
        if (after != before) {
            votes = after; // Workers share this: most have nothing to say, and then nothing is written.
        }
    }
}
