/**
 * V4V between processes of one Linux host: domains meet in a directory, talk over Unix sockets and share sealed memory as rings.
 * Start at {@link org.v4vgpu.v4v.shm.SharedMemoryHypervisor}. Uses {@code ring} and libc.
 */
@NullMarked
package org.v4vgpu.v4v.shm;

import org.jspecify.annotations.NullMarked;
