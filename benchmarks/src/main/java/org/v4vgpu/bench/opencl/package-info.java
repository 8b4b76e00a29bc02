/**
 * The same kernels as OpenCL, on a CPU device such as PoCL's, in a process of their own: what {@code software} is held against. Uses
 * the JDK and libOpenCL only. Start at {@link org.v4vgpu.bench.opencl.OpenClProcess}.
 */
@NullMarked
package org.v4vgpu.bench.opencl;

import org.jspecify.annotations.NullMarked;
