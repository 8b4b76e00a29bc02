/**
 * Makes the two jars that programs use, in the build's package phase: {@code v4vgpu-agent.jar} and {@code v4vgpu-jcuda.jar}. Start
 * at {@link org.v4vgpu.client.jcuda.packaging.JarMaker}.
 */
@NullMarked
package org.v4vgpu.client.jcuda.packaging;

import org.jspecify.annotations.NullMarked;
