package org.v4vgpu.v4v.ivshmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The mapped region, unmapped when the last hold is let go. Safe for any thread.
 *
 * <p>A region is a file of fixed length, or the memory BAR of an ivshmem device ({@code /sys/bus/pci/devices/.../resource2}).
 */
final class Region {
    private final String place;
    private final Arena arena;
    private final MemorySegment memory;
    private final int chunks;
    private final AtomicInteger holds = new AtomicInteger(1);

    /**
     * Maps a region, and makes one of a region of zeros. The caller has the first hold.
     *
     * @throws IOException if there is none, it is too small, or something else is in it
     */
    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the region's
    static Region open(Path path) throws IOException {
        Arena arena = Arena.ofShared();
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MemorySegment memory = file.map(FileChannel.MapMode.READ_WRITE, 0, file.size(), arena);
            return new Region("region " + path, arena, memory);
        } catch (NoSuchFileException e) {
            arena.close();
            throw new IOException(
                    "there is no region " + path + "; make one: truncate -s 64M " + path + ", or name an ivshmem"
                            + " device's resource2",
                    e);
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /** Takes ownership of the arena unless it throws. */
    Region(String place, Arena arena, MemorySegment memory) throws IOException {
        this.place = place;
        this.arena = arena;
        this.memory = memory;
        this.chunks = RegionDescriptor.chunks(memory.byteSize());
        if (chunks <= 0) {
            throw new IOException(
                    place + " has " + memory.byteSize() + " bytes, which are too few; 64 MiB are ordinary");
        }
        if (RegionDescriptor.isFresh(memory)) {
            RegionDescriptor.initialize(memory);
        }
        if (!RegionDescriptor.hasMagic(memory)) {
            throw new IOException(place + " holds something else; fill it with zeros first");
        }
        if (RegionDescriptor.version(memory) != RegionDescriptor.VERSION) {
            throw new IOException(place + " is of version " + RegionDescriptor.version(memory) + ", this is version "
                    + RegionDescriptor.VERSION + "; fill it with zeros while nobody uses it");
        }
        if (RegionDescriptor.bytes(memory) != memory.byteSize()) {
            throw new IOException(place + " has " + memory.byteSize() + " bytes, but was made for "
                    + RegionDescriptor.bytes(memory) + "; fill it with zeros while nobody uses it");
        }
    }

    MemorySegment memory() {
        return memory;
    }

    int chunks() {
        return chunks;
    }

    /**
     * The bytes of a ring, as memory of an arena of their own. The arena keeps the region mapped, and closing it runs {@code
     * released}. By who holds the region.
     */
    MemorySegment view(int chunk, long bytes, Arena owner, Runnable released) {
        if (!hold()) {
            throw new IllegalStateException(place + " is unmapped");
        }
        return slice(chunk, bytes).reinterpret(owner, memory -> {
            released.run();
            letGo();
        });
    }

    /** The bytes of a ring, for a caller that holds the region. */
    MemorySegment slice(int chunk, long bytes) {
        return memory.asSlice(RegionDescriptor.chunkOffset(chunks, chunk), bytes);
    }

    /** Keeps the region mapped until {@link #letGo}. False if it is unmapped. */
    boolean hold() {
        for (int n = holds.get(); n > 0; n = holds.get()) {
            if (holds.compareAndSet(n, n + 1)) {
                return true;
            }
        }
        return false;
    }

    void letGo() {
        if (holds.decrementAndGet() == 0) {
            arena.close();
        }
    }

    @Override
    public String toString() {
        return place;
    }
}
