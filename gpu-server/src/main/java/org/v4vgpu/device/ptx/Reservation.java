package org.v4vgpu.device.ptx;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * A private range of the process's address space. Pages are committed when they are touched, and read as zero. Not thread-safe.
 *
 * {@snippet lang=c :
 *   void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);
 *   int madvise(void *addr, size_t length, int advice);
 *   int munmap(void *addr, size_t length);
 * }
 */
final class Reservation implements AutoCloseable {
    private static final int PROT_READ_WRITE = 3;
    /** MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE of Linux. */
    private static final int PRIVATE_ANONYMOUS_NORESERVE = 0x02 | 0x20 | 0x4000;

    private static final int MADV_DONTNEED = 4;
    private static final int MADV_HUGEPAGE = 14;
    private static final long PAGE = 4096;

    private static final MethodHandle MMAP = handle(
            "mmap",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG));
    private static final MethodHandle MADVISE = handle(
            "madvise",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    private static final MethodHandle MUNMAP =
            handle("munmap", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    private final Arena arena;
    private final MemorySegment segment;

    @SuppressWarnings("MustBeClosedChecker") // close() closes it
    private Reservation(long address, long bytes) {
        this.arena = Arena.ofShared();
        this.segment = MemorySegment.ofAddress(address).reinterpret(bytes, arena, Reservation::unmap);
    }

    /** @throws IllegalStateException if the operating system refuses */
    static Reservation of(long bytes) {
        long address;
        try {
            address = (long) MMAP.invokeExact(0L, bytes, PROT_READ_WRITE, PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
        } catch (Throwable failure) {
            throw new IllegalStateException("mmap", failure);
        }
        if (address == -1) {
            throw new IllegalStateException("no address space for " + bytes + " bytes of device memory");
        }
        // Large pages make the first touch of a large allocation several times cheaper; where they are off nothing
        // changes.
        advise(address, bytes, MADV_HUGEPAGE);
        return new Reservation(address, bytes);
    }

    MemorySegment segment() {
        return segment;
    }

    /** Makes a range read as zero and gives its whole pages back. */
    void clear(long offset, long bytes) {
        long end = offset + bytes;
        long firstPage = Math.min(end, (offset + PAGE - 1) & -PAGE);
        long lastPage = Math.max(firstPage, end & -PAGE);
        segment.asSlice(offset, firstPage - offset).fill((byte) 0);
        segment.asSlice(lastPage, end - lastPage).fill((byte) 0);
        if (lastPage > firstPage && !advise(segment.address() + firstPage, lastPage - firstPage, MADV_DONTNEED)) {
            segment.asSlice(firstPage, lastPage - firstPage).fill((byte) 0);
        }
    }

    @Override
    public void close() {
        arena.close();
    }

    private static boolean advise(long address, long bytes, int advice) {
        try {
            return (int) MADVISE.invokeExact(address, bytes, advice) == 0;
        } catch (Throwable failure) {
            throw new IllegalStateException("madvise", failure);
        }
    }

    private static void unmap(MemorySegment segment) {
        try {
            int result = (int) MUNMAP.invokeExact(segment.address(), segment.byteSize());
            assert result == 0 : "munmap";
        } catch (Throwable failure) {
            throw new IllegalStateException("munmap", failure);
        }
    }

    private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), descriptor);
    }
}
