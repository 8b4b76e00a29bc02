/**
 * Bare messages between two processes over each transport, and the process on the other side. Start at {@link
 * org.v4vgpu.bench.link.Transport}.
 */
@NullMarked
package org.v4vgpu.bench.link;

import org.jspecify.annotations.NullMarked;
