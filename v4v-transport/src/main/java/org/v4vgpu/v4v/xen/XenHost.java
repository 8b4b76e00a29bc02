package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.nio.file.Path;

/** What this machine gives a process that speaks Argo. Safe for any thread. */
interface XenHost {
    Hypercalls openHypercalls() throws IOException;

    /**
     * Binds VIRQ_ARGO, which one process of a domain can at a time.
     *
     * @throws IOException one line that says what is in the way
     */
    ArgoEvents bindEvents() throws IOException;

    PageFrames frames();

    /** The directory for files whose memory never moves: a hugetlbfs. */
    Path memoryDirectory();

    /** The length of its pages. */
    long hugePageBytes();

    /** The directory in which the domain's processes meet; empty after the domain boots. */
    Path stateDirectory();
}
