/**
 * Module model to JVM bytecode. Start at {@link org.v4vgpu.device.ptx.compiler.KernelCompiler}: flow graph, regions between
 * synchronising instructions, one JVM method for each. The emitters are split by family of instructions. {@link
 * org.v4vgpu.device.ptx.compiler.StripCompiler} makes a second form of kernels whose threads stay together, with vectors.
 *
 * <p>Methods beyond 8000 bytes of bytecode are interpreted unless the JVM runs with {@code -XX:-DontCompileHugeMethods}.
 */
@NullMarked
package org.v4vgpu.device.ptx.compiler;

import org.jspecify.annotations.NullMarked;
