/** The control path, and peers that mean harm. */
@org.jspecify.annotations.NullUnmarked
package org.v4vgpu.v4v.shm;
