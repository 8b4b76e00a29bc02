package org.v4vgpu.v4v.netty;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ring.DoorbellPanel;

/** Whether this transport can be used here. Safe for any thread. */
public final class V4vNetty {
    /** Why not, as a sentence; empty if it can. */
    private static final String OBSTACLE = tryOut();

    private V4vNetty() {}

    /** Event loops wait on futexes: that needs Linux on x86-64, Arm64 or RISC-V 64. */
    private static String tryOut() {
        String system = System.getProperty("os.name", "");
        if (!system.equals("Linux")) {
            return "V4V over shared memory needs Linux, this is " + system;
        }
        try (DoorbellPanel panel = new DoorbellPanel(() -> false)) {
            panel.await(1);
            return "";
        } catch (RuntimeException | Error e) {
            return "this thread can't sleep on futexes: " + e;
        }
    }

    public static boolean isAvailable() {
        return OBSTACLE.isEmpty();
    }

    /** Why not, or null. */
    public static @Nullable Throwable unavailabilityCause() {
        return isAvailable() ? null : new UnsupportedOperationException(OBSTACLE);
    }

    /** Does nothing if the transport is available. */
    public static void ensureAvailability() {
        if (!isAvailable()) {
            throw new UnsupportedOperationException("the V4V transport is not available: " + OBSTACLE);
        }
    }
}
