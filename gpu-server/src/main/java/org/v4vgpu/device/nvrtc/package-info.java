/**
 * Compiles CUDA C++ to PTX, as NVRTC does, for clients that bring kernels as source. Start at {@link
 * org.v4vgpu.device.nvrtc.ProgramCompiler}. What is compiled comes from strangers: compilers run in a {@link
 * org.v4vgpu.device.nvrtc.Sandbox}. Uses the Device SPI's words and errors and nothing else of ours.
 */
@NullMarked
package org.v4vgpu.device.nvrtc;

import org.jspecify.annotations.NullMarked;
