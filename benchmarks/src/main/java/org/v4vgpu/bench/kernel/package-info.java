/**
 * Kernels, as CUDA, as loops in Java and as OpenCL, that do the same work and are held against each other. Uses the software device and
 * {@code bench.opencl}; knows nothing of how turns are taken and times kept. Start reading at {@link
 * org.v4vgpu.bench.kernel.KernelDuel}; {@link org.v4vgpu.bench.kernel.Duels} lists them.
 */
@NullMarked
package org.v4vgpu.bench.kernel;

import org.jspecify.annotations.NullMarked;
