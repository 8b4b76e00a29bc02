/** Contracts of channels and hypervisors, and what runs them on each implementation. Start at the contracts. */
@org.jspecify.annotations.NullUnmarked
package org.v4vgpu.v4v;
