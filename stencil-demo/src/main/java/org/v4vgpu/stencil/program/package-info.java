/**
 * The measured program: an ordinary JCuda program, which copies, launches and times, and nothing in it knows where the GPU is.
 * Start at {@link org.v4vgpu.stencil.program.Program}; the CUDA calls are in {@code MatrixProduct} and {@code HeatStencil}.
 */
@NullMarked
package org.v4vgpu.stencil.program;

import org.jspecify.annotations.NullMarked;
