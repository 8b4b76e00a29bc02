/** Tests of the software device beyond the contract that it shares with all devices. */
@NullMarked
package org.v4vgpu.device.software;

import org.jspecify.annotations.NullMarked;
