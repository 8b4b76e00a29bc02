/**
 * PTX on the JVM: text to module model, module model to JVM bytecode, bytecode to running kernels. Start at {@link
 * org.v4vgpu.device.ptx.CompiledModule}. Knows nothing of streams, sessions or the wire.
 */
@NullMarked
package org.v4vgpu.device.ptx;

import org.jspecify.annotations.NullMarked;
