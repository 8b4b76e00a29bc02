package org.v4vgpu.device.cuda;

import org.v4vgpu.device.DeviceException;

/**
 * Which context is current on each thread: the driver is told only when it changes. Safe for any thread.
 *
 * <p>Contexts are told apart by an object of their own and not by the driver's handle, which a later context may have again.
 */
final class CurrentContext {
    private static final ThreadLocal<Object[]> CURRENT = ThreadLocal.withInitial(() -> new Object[1]);

    private CurrentContext() {}

    /** Makes a context the calling thread's current one. */
    @SuppressWarnings("ReferenceEquality") // an identity
    static void bind(Object identity, long handle) throws DeviceException {
        Object[] current = CURRENT.get();
        if (current[0] != identity) {
            DriverContexts.setCurrent(handle);
            current[0] = identity;
        }
    }
}
