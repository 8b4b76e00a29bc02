package org.v4vgpu.v4v.xen;

import java.io.IOException;

/** VIRQ_ARGO: something was delivered to this domain, or space that it waits for is free. One thread waits; the rest is for any. */
interface ArgoEvents extends AutoCloseable {
    /**
     * Waits for an event; also returns without one.
     *
     * @return whether there was one
     */
    boolean await(long nanos) throws IOException;

    /** Ends a wait that is in progress or about to begin. */
    void wake() throws IOException;

    /** Gives the VIRQ back, so that another process of the domain can bind it. Nobody may wait. */
    @Override
    void close();
}
