package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.ring.ArgoRingDescriptor;
import org.v4vgpu.v4v.ring.RingMemory;

/**
 * Memory that Xen may be told of: pages that the kernel never moves, in a file that outlives a killed process, so that Xen does not go on
 * writing into frames that belong to somebody else by then. Safe for any thread.
 *
 * <p>The file grows by whole huge pages and never shrinks; memory is handed out in pages of 4096 bytes and taken back when its last
 * hold is let go. Whoever closes this must have unregistered all rings.
 */
final class HugePages implements AutoCloseable {
    private static final Logger LOG = System.getLogger(HugePages.class.getName());
    private static final int PAGE = ArgoRingDescriptor.PAGE_BYTES;

    private final Path file;
    private final int fd;
    private final long hugePageBytes;

    // Guarded by this.
    private final List<Stretch> stretches = new ArrayList<>();
    private long fileBytes;
    private int uses;
    private boolean closed;

    /** A contiguous part of the file, mapped. */
    private static final class Stretch {
        final long address;
        final int pages;
        final BitSet used;

        Stretch(long address, int pages) {
            this.address = address;
            this.pages = pages;
            this.used = new BitSet(pages);
        }

        /** The first page of so many free ones, or -1. */
        int find(int wanted) {
            int from = used.nextClearBit(0);
            while (from + wanted <= pages) {
                int end = used.nextSetBit(from);
                if (end < 0 || end - from >= wanted) {
                    return from;
                }
                from = used.nextClearBit(end);
            }
            return -1;
        }
    }

    /**
     * Creates the file.
     *
     * @param file on a hugetlbfs whose pages have that length
     */
    HugePages(Path file, long hugePageBytes) throws IOException {
        this.file = file;
        this.hugePageBytes = hugePageBytes;
        this.fd = SystemCalls.createFile(file);
        if (fd < 0) {
            throw new IOException("cannot create " + file + ": errno " + -fd);
        }
    }

    /**
     * Memory of its own, aligned to 4096 bytes; its content is whatever was there before.
     *
     * @throws ArgoException ENOMEM if the kernel has no huge page left
     */
    synchronized RingMemory allocate(long bytes) throws ArgoException {
        int pages = Math.toIntExact((bytes + PAGE - 1) / PAGE);
        for (Stretch stretch : stretches) {
            int page = stretch.find(pages);
            if (page >= 0) {
                return take(stretch, page, pages, bytes);
            }
        }
        return take(grow(bytes), 0, pages, bytes);
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
    private RingMemory take(Stretch stretch, int page, int pages, long bytes) {
        stretch.used.set(page, page + pages);
        uses++;
        Arena arena = Arena.ofShared();
        MemorySegment memory = MemorySegment.ofAddress(stretch.address + (long) page * PAGE)
                .reinterpret(bytes, arena, _ -> give(stretch, page, pages));
        return new RingMemory(arena, memory);
    }

    private synchronized void give(Stretch stretch, int page, int pages) {
        stretch.used.clear(page, page + pages);
        uses--;
        unmapIfUnused();
    }

    private Stretch grow(long bytes) throws ArgoException {
        if (closed) {
            throw new ArgoException(ArgoError.ENOMEM, "the domain has left");
        }
        long more = (bytes + hugePageBytes - 1) / hugePageBytes * hugePageBytes;
        int truncated = SystemCalls.truncate(fd, fileBytes + more);
        long address = truncated < 0 ? truncated : SystemCalls.map(fd, fileBytes, more);
        if (address < 0) {
            throw new ArgoException(
                    ArgoError.ENOMEM,
                    "no " + more / hugePageBytes + " huge pages of " + hugePageBytes + " bytes left for " + file
                            + " (errno " + -address + "); raise vm.nr_hugepages");
        }
        fileBytes += more;
        Stretch stretch = new Stretch(address, Math.toIntExact(more / PAGE));
        stretches.add(stretch);
        return stretch;
    }

    /** Deletes the file; what is still held stays until it is let go. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            SystemCalls.close(fd);
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                LOG.log(Level.WARNING, "cannot delete {0}: {1}", file, e.getMessage());
            }
            unmapIfUnused();
        }
    }

    private void unmapIfUnused() {
        if (closed && uses == 0) {
            stretches.forEach(stretch -> SystemCalls.unmap(stretch.address, (long) stretch.pages * PAGE));
            stretches.clear();
        }
    }
}
