package org.v4vgpu.device.software;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;

/** What broke a context, if something did. Safe for any thread; written under the lock of its {@link Scheduler}. */
final class ContextFault {
    // SYNC: context-fault. Written once or twice under the lock (a close replaces a fault), read without it.
    private volatile @Nullable DeviceException cause;

    boolean isSet() {
        return cause != null;
    }

    void set(DeviceException newCause) {
        cause = newCause;
    }

    /** Throws what broke the context, if something did. */
    void requireNone() throws DeviceException {
        DeviceException found = cause;
        if (found != null) {
            throw new DeviceException(found.status(), String.valueOf(found.getMessage()), found);
        }
    }
}
