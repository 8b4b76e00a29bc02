/**
 * V4V over one region of memory that machines share, such as QEMU's ivshmem device: no kernel, no descriptors, no futex in common.
 * Start at {@link org.v4vgpu.v4v.ivshmem.IvshmemHypervisor}. Uses {@code ring}.
 */
@NullMarked
package org.v4vgpu.v4v.ivshmem;

import org.jspecify.annotations.NullMarked;
