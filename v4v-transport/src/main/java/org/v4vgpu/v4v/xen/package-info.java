/**
 * V4V on a real Xen with Argo, from user space: hypercalls through /dev/xen/privcmd, events through /dev/xen/evtchn, rings on huge
 * pages, no kernel module. Start at {@link org.v4vgpu.v4v.xen.ArgoHypervisor}. Uses {@code ring} and libc.
 */
@NullMarked
package org.v4vgpu.v4v.xen;

import org.jspecify.annotations.NullMarked;
