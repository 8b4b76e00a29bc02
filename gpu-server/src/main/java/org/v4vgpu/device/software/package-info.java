/**
 * A CUDA device without a GPU: contexts, streams and events on the JVM, with memory and kernels from {@code
 * org.v4vgpu.device.ptx}. Start at {@code SoftwareDevice}.
 */
@NullMarked
package org.v4vgpu.device.software;

import org.jspecify.annotations.NullMarked;
