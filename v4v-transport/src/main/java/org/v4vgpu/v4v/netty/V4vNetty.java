package org.v4vgpu.v4v.netty;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ring.DoorbellPanel;

/** Whether this transport can be used here. Safe for any thread. */
public final class V4vNetty {
    private static final @Nullable Throwable CAUSE = tryOut();

    private V4vNetty() {}

    /** Event loops wait on futexes: that needs Linux on x86-64, Arm64 or RISC-V 64. */
    private static @Nullable Throwable tryOut() {
        if (!System.getProperty("os.name", "").equals("Linux")) {
            return new UnsupportedOperationException(
                    "V4V over shared memory needs Linux, this is " + System.getProperty("os.name"));
        }
        try (DoorbellPanel panel = new DoorbellPanel(() -> false)) {
            panel.await(1);
            return null;
        } catch (RuntimeException | Error e) {
            return e;
        }
    }

    public static boolean isAvailable() {
        return CAUSE == null;
    }

    /** Why not, or null. */
    public static @Nullable Throwable unavailabilityCause() {
        return CAUSE;
    }

    /** Does nothing if the transport is available. */
    public static void ensureAvailability() {
        if (CAUSE != null) {
            throw new UnsupportedOperationException("the V4V transport is not available: " + CAUSE.getMessage(), CAUSE);
        }
    }
}
