/**
 * PTX text to a module model. Start at {@link org.v4vgpu.device.ptx.syntax.Parser}; {@link
 * org.v4vgpu.device.ptx.syntax.InstructionSet} is the grammar of the instructions, as a table. Knows nothing of the JVM.
 */
@NullMarked
package org.v4vgpu.device.ptx.syntax;

import org.jspecify.annotations.NullMarked;
