/**
 * Rings in shared memory: their layout, their writer, their reader, and the doorbells on which both wait. Start at {@link
 * org.v4vgpu.v4v.ring.RingDescriptor}. Knows nothing of where the memory comes from, except for the futex.
 */
@NullMarked
package org.v4vgpu.v4v.ring;

import org.jspecify.annotations.NullMarked;
