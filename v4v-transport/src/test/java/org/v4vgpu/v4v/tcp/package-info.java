/** Frames from anybody. */
@org.jspecify.annotations.NullUnmarked
package org.v4vgpu.v4v.tcp;
