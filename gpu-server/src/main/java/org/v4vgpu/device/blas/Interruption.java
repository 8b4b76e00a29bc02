package org.v4vgpu.device.blas;

import org.v4vgpu.device.DeviceException;

/** Looked at between pieces of work. */
@FunctionalInterface
public interface Interruption {
    /** @throws DeviceException if the work is not wanted any more */
    void check() throws DeviceException;
}
