/**
 * Tests of the CUDA device. {@code CudaDeviceTest} runs where a GPU is; {@code StandInDriverTest} runs it and others everywhere, in
 * JVMs of their own, on a library of C functions in the place of the driver's ({@code src/test/c}).
 */
@NullMarked
package org.v4vgpu.device.cuda;

import org.jspecify.annotations.NullMarked;
