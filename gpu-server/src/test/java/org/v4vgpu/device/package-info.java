/** The contract of the Device SPI as tests: {@code DeviceContract}, which every device subclasses. */
@NullMarked
package org.v4vgpu.device;

import org.jspecify.annotations.NullMarked;
