package org.v4vgpu.v4v;

/**
 * Why a hypervisor refused a request: Argo's error conditions under their names. Source: Xen's public/errno.h.
 */
public enum ArgoError {
    /** The source is neither the caller's domain nor any, or a ring for any partner is not permitted. */
    EPERM(1),
    /** No such ring to unregister. */
    ENOENT(2),
    /** No such domain. */
    ESRCH(3),
    /** No space now; later there may be. */
    EAGAIN(11),
    ENOMEM(12),
    EACCES(13),
    EFAULT(14),
    /** Too many wait already, or the ring has a writer. */
    EBUSY(16),
    /** The ring is registered already. */
    EEXIST(17),
    ENODEV(19),
    EINVAL(22),
    /** The domain has as many rings as it may have. */
    ENOSPC(28),
    /** The message can never fit. */
    EMSGSIZE(90),
    EOPNOTSUPP(95),
    /** Nobody registered that port for the caller. */
    ECONNREFUSED(111);

    private final int errno;

    ArgoError(int errno) {
        this.errno = errno;
    }

    /** The number on the wire and in a hypercall's result. */
    public int errno() {
        return errno;
    }

    /** The error with that number; {@link #EFAULT} for a number that Argo does not have. */
    public static ArgoError of(int errno) {
        for (ArgoError error : values()) {
            if (error.errno == errno) {
                return error;
            }
        }
        return EFAULT;
    }
}
