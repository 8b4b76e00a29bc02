/** A region: the contracts, processes, and words from anybody. */
@org.jspecify.annotations.NullUnmarked
package org.v4vgpu.v4v.ivshmem;
