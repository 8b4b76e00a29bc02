package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * What a domain's thread does again and again. Its failure is nothing that stops the thread's other chores, and is said once for as long
 * as its cause stays the same. Confined to that thread.
 */
final class Chore {
    private static final Logger LOG = System.getLogger(Chore.class.getName());

    private final String failure;
    private final Work work;
    private @Nullable String lastCause;

    interface Work {
        void run() throws IOException;
    }

    /** @param failure what is not done when it fails, for people */
    Chore(String failure, Work work) {
        this.failure = failure;
        this.work = work;
    }

    /** Does it once; false if it failed. */
    boolean run() {
        try {
            work.run();
            lastCause = null;
            return true;
        } catch (IOException | RuntimeException e) {
            String cause = e.toString();
            if (!cause.equals(lastCause)) {
                lastCause = cause;
                LOG.log(Level.WARNING, failure + ": " + e.getMessage(), e);
            }
            return false;
        }
    }
}
