package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.v4vgpu.v4v.ring.ArgoRingDescriptor;

/**
 * Frame numbers from /proc/self/pagemap: 8 bytes for each page, bit 63 present, bits 0 to 54 the frame, which is 0 for who may not know.
 * In a PVH or HVM domain that is what Xen calls a gfn; in a PV domain it is not.
 *
 * <p>Safe for any thread. Source: Linux's admin-guide/mm/pagemap.
 */
final class Pagemap implements PageFrames {
    private static final long PRESENT = 1L << 63;
    private static final long FRAME = (1L << 55) - 1;

    private final Path file;

    Pagemap(Path file) {
        this.file = file;
    }

    @Override
    public void read(long address, int pages, MemorySegment frames) throws IOException {
        ByteBuffer entries = ByteBuffer.allocate(pages * Long.BYTES).order(ByteOrder.nativeOrder());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long at = address / ArgoRingDescriptor.PAGE_BYTES * Long.BYTES;
            while (entries.hasRemaining()) {
                int read = channel.read(entries, at + entries.position());
                if (read <= 0) {
                    throw new IOException(file + " ends at page " + entries.position() / Long.BYTES + " of " + pages);
                }
            }
        }
        for (int page = 0; page < pages; page++) {
            long entry = entries.getLong(page * Long.BYTES);
            if ((entry & PRESENT) == 0) {
                throw new IOException(file + ": a page of a ring is not present");
            }
            if ((entry & FRAME) == 0) {
                throw new IOException(file + " tells no frame numbers: run as root (CAP_SYS_ADMIN)");
            }
            frames.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, page, entry & FRAME);
        }
    }
}
