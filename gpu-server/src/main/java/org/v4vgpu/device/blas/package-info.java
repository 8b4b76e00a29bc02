/**
 * Linear algebra on the processor, for the software device: routines of cuBLAS on memory segments. Start at {@link
 * org.v4vgpu.device.blas.BlasRun}. The arithmetic is dev.ludovic.netlib's; here is what lies around it: steps, leading dimensions,
 * blocks and their distribution over the cores.
 */
@NullMarked
package org.v4vgpu.device.blas;

import org.jspecify.annotations.NullMarked;
