package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Where memory of this process lies in the domain's own physical memory. Safe for any thread. */
interface PageFrames {
    /**
     * Writes the frame number of each page of 4096 bytes.
     *
     * @param address of the first page, which is present and stays where it is
     * @param frames u64 for each page
     * @throws IOException if the kernel does not tell
     */
    void read(long address, int pages, MemorySegment frames) throws IOException;
}
