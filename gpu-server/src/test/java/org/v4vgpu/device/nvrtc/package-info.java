/** Tests of the compilers of programs and of their sandbox. */
@NullMarked
package org.v4vgpu.device.nvrtc;

import org.jspecify.annotations.NullMarked;
