/**
 * The main job as an ordinary JCuda program: matrix product and stencil with timings. Start at {@code Main}.
 */
@NullMarked
package org.v4vgpu.stencil;

import org.jspecify.annotations.NullMarked;
