package org.v4vgpu.v4v.xen;

/** Xen as Argo's hypercall shows it. Safe for any thread. */
interface Hypercalls extends AutoCloseable {
    /**
     * {@code HYPERVISOR_argo_op(op, arg1, arg2, arg3, arg4)}. Memory that the addresses name must be resident, for Xen faults nothing in.
     *
     * @return not negative, or the negative number of an error
     */
    long argo(int operation, long arg1, long arg2, long arg3, long arg4);

    @Override
    void close();
}
