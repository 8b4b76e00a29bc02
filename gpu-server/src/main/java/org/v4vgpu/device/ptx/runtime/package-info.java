/**
 * What compiled kernels run on: thread blocks and their scheduler, memory accesses, and the arithmetic that Java lacks. Start at
 * {@link org.v4vgpu.device.ptx.runtime.Grid}. Its types are public for the generated classes; nothing else calls them.
 */
@NullMarked
package org.v4vgpu.device.ptx.runtime;

import org.jspecify.annotations.NullMarked;
