package org.v4vgpu.server.session;

import java.io.IOException;

/** How much memory of clients may be mapped here, by one session or by all together. Safe for any thread. */
final class WindowBudget {
    private final String whose;
    private final long maximumBytes;
    private final int maximumCount;

    // Guarded by this.
    private long bytes;
    private int count;

    /** @param whose for people: {@code "the session"} */
    WindowBudget(String whose, long maximumBytes, int maximumCount) {
        this.whose = whose;
        this.maximumBytes = maximumBytes;
        this.maximumCount = maximumCount;
    }

    /** @throws IOException if that is more than there is; nothing is taken then */
    synchronized void take(long more) throws IOException {
        if (count >= maximumCount) {
            throw new IOException(whose + " has " + maximumCount + " windows, the maximum");
        }
        if (more > maximumBytes - bytes) {
            throw new IOException(more + " bytes exceed what " + whose + " may have in windows, " + maximumBytes
                    + " bytes, of which " + bytes + " are used");
        }
        bytes += more;
        count++;
    }

    synchronized void giveBack(long less) {
        bytes -= less;
        count--;
    }

    synchronized long usedBytes() {
        return bytes;
    }
}
