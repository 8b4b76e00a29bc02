/** Tests of the shared-memory hypervisor's own parts: what its control path takes and what it refuses. */
@org.jspecify.annotations.NullUnmarked
package org.v4vgpu.v4v.shm;
