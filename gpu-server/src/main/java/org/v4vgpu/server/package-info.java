/**
 * The server program: listeners, lanes and what a person sees of them. Start at {@code GpuServer}. Knows nothing of the client.
 */
@NullMarked
package org.v4vgpu.server;

import org.jspecify.annotations.NullMarked;
