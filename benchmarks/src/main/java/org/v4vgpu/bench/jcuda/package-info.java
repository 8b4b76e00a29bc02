/**
 * Launches as a JCuda program makes them, in a process of its own: a row of {@code launch} and of {@code allocation}. The program uses the JDK
 * and JCuda only. Start at {@link org.v4vgpu.bench.jcuda.JCudaProcess}.
 */
@NullMarked
package org.v4vgpu.bench.jcuda;

import org.jspecify.annotations.NullMarked;
