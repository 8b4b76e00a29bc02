package org.v4vgpu.device.cuda;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;

/** What has broken a context, if something did: the first cause stays, until the context is closed. Safe for any thread. */
final class ContextFault {
    private volatile @Nullable DeviceException cause;

    boolean isSet() {
        return cause != null;
    }

    /** Whether this was the first. */
    synchronized boolean set(DeviceException first) {
        if (cause != null) {
            return false;
        }
        cause = first;
        return true;
    }

    /** The context is closed: that is what everybody is told from now on. */
    synchronized void replace(DeviceException last) {
        cause = last;
    }

    /** Throws the cause, with the stack of the caller. */
    void requireNone() throws DeviceException {
        DeviceException known = cause;
        if (known != null) {
            throw new DeviceException(known.status(), String.valueOf(known.getMessage()), known);
        }
    }
}
