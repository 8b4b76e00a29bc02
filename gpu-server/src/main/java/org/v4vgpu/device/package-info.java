/**
 * What the server wants from a GPU: the Device SPI, in CUDA's words. {@code software} is the device that runs PTX on the JVM, {@code cuda}
 * a real GPU. Start at {@link org.v4vgpu.device.Device}. Uses {@code CudaStatus} from {@code org.v4vgpu.proto} and nothing else of ours.
 */
@NullMarked
package org.v4vgpu.device;

import org.jspecify.annotations.NullMarked;
