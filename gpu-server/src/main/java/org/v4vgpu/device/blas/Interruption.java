package org.v4vgpu.device.blas;

import org.v4vgpu.device.DeviceException;

/** Looked at between pieces of work. */
@FunctionalInterface
public interface Interruption {
    /**
     * Returns if the work is to go on.
     *
     * @throws DeviceException if it is not wanted any more
     */
    void check() throws DeviceException;
}
