/**
 * The measurement kit for a machine with a GPU: what {@code benchmarks/gpu/run} packs, and {@code run} in the bundle starts. Start at
 * {@link org.v4vgpu.bench.gpu.GpuKit}. {@link org.v4vgpu.bench.gpu.CopySweep} is a measured program, an ordinary JCuda one.
 */
@NullMarked
package org.v4vgpu.bench.gpu;

import org.jspecify.annotations.NullMarked;
