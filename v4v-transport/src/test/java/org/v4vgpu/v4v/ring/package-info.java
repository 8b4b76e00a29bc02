/** Rings on bare memory. */
@org.jspecify.annotations.NullUnmarked
package org.v4vgpu.v4v.ring;
