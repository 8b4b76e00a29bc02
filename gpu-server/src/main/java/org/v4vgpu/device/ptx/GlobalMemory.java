package org.v4vgpu.device.ptx;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.runtime.DeviceHeap;
import org.v4vgpu.device.ptx.runtime.Gaps;
import org.v4vgpu.device.ptx.runtime.GlobalAccess;
import org.v4vgpu.device.ptx.runtime.GlobalWindow;
import org.v4vgpu.proto.CudaStatus;

/**
 * The global memory of one context: an address space with an allocator, and the check that every access of a kernel makes. Safe
 * for any thread.
 *
 * <p>Device addresses are {@code base + offset}, never native addresses; the base differs from memory to memory, so that a pointer
 * of another context is illegal here. Between any two allocations lies a guard of at least one granule. A map with one byte per
 * granule says what is live; kernels check every access against it ({@code window()}), which is exact to the granule.
 *
 * {@snippet :
 *   try (GlobalMemory memory = GlobalMemory.reserve(1L << 30)) {
 *       long address = memory.allocate(4096);
 *       memory.segment(address, 4096).fill((byte) 1);
 *       memory.free(address);
 *   }
 * }
 */
public final class GlobalMemory implements AutoCloseable {
    static final int GRANULE_SHIFT = GlobalAccess.GRANULE_SHIFT;
    static final long GRANULE = 1L << GRANULE_SHIFT;

    /** In bytes. Twice as much, in granules, is what an array of bytes can map. */
    public static final long LARGEST_CAPACITY = 1L << 37;

    /** What a client may make of our heap. */
    private static final int MOST_ALLOCATIONS = 65_536;

    /** Addresses below are null pointers with an offset: nothing ever lies there. */
    private static final long NULL_PAGE = 1 << 16;

    private static final AddressBases BASES = new AddressBases(8192);

    private static final long[] NO_ADDRESSES = {};

    private final long capacityBytes;
    private final long base;
    private final Reservation reservation;

    // Guarded by this.
    private final TreeMap<Long, Long> live = new TreeMap<>();
    private final Gaps gaps;
    private final FreedRanges freed = new FreedRanges();
    private byte[] map = new byte[1024];
    private long usedBytes;
    private boolean closed;
    private @Nullable DeviceHeap heap;
    private long heapBytes = DeviceHeap.DEFAULT_BYTES;

    private GlobalMemory(long capacityBytes) {
        this.capacityBytes = roundUp(capacityBytes);
        long spaceBytes = spaceBytes();
        this.reservation = Reservation.of(spaceBytes);
        try {
            this.base = BASES.take(spaceBytes);
        } catch (IllegalStateException none) {
            reservation.close();
            throw none;
        }
        gaps = new Gaps(GRANULE, spaceBytes - GRANULE);
    }

    /**
     * Reserves an address space; memory is committed as it is touched.
     *
     * @throws IllegalArgumentException if the capacity is not in 1 .. 128 GiB
     * @throws IllegalStateException if the operating system gives no address space
     */
    public static GlobalMemory reserve(long capacityBytes) {
        if (capacityBytes <= 0 || capacityBytes > LARGEST_CAPACITY) {
            throw new IllegalArgumentException("capacity of " + capacityBytes + " bytes is not in 1 .. 128 GiB");
        }
        return new GlobalMemory(capacityBytes);
    }

    /**
     * Allocates {@code bytes} > 0, aligned to 256, zeroed.
     *
     * @throws DeviceException INVALID_VALUE for no bytes, OUT_OF_MEMORY beyond the capacity
     */
    public synchronized long allocate(long bytes) throws DeviceException {
        requireOpen();
        if (bytes <= 0) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "allocation of " + bytes + " bytes");
        }
        if (live.size() >= MOST_ALLOCATIONS) {
            throw new DeviceException(
                    CudaStatus.OUT_OF_MEMORY,
                    "allocation of " + bytes + " bytes: " + MOST_ALLOCATIONS + " allocations of the context are live");
        }
        if (bytes > capacityBytes || roundUp(bytes) > capacityBytes - usedBytes) {
            throw outOfMemory(bytes);
        }
        long length = roundUp(bytes);
        long offset = gaps.take(length + GRANULE);
        if (offset == Gaps.NONE) {
            throw outOfMemory(bytes);
        }
        live.put(offset, bytes);
        freed.remove(offset, length);
        usedBytes += length;
        mark(offset, length, GlobalAccess.LIVE);
        return base + offset;
    }

    /** Frees an allocation by its first address; INVALID_VALUE for anything else. */
    public synchronized void free(long address) throws DeviceException {
        requireOpen();
        Long bytes = live.remove(address - base);
        if (bytes == null) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "free of " + hex(address) + ", no allocation begins there" + tail(address));
        }
        long offset = address - base;
        long length = roundUp(bytes);
        mark(offset, length, (byte) 0);
        usedBytes -= length;
        reservation.clear(offset, length);
        freed.add(offset, bytes);
        gaps.give(offset, length + GRANULE);
    }

    /** Checks that the range lies inside one live allocation; INVALID_VALUE, naming range and nearest allocation, if not. */
    public synchronized void check(long address, long bytes) throws DeviceException {
        requireOpen();
        Map.Entry<Long, Long> entry = live.floorEntry(address - base);
        if (bytes < 0 || entry == null || bytes > entry.getKey() + entry.getValue() - (address - base)) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "range " + hex(address) + " + " + bytes + " bytes is not inside one allocation" + tail(address));
        }
    }

    /** The bytes of a range, checked as {@link #check}. Valid until the memory is closed. */
    public synchronized MemorySegment segment(long address, long bytes) throws DeviceException {
        check(address, bytes);
        return reservation.segment().asSlice(address - base, bytes);
    }

    /** Bytes allocated, in whole granules. */
    public synchronized long usedBytes() {
        return usedBytes;
    }

    /** Bytes that can be allocated in all. */
    public long capacityBytes() {
        return capacityBytes;
    }

    /** What the heap of malloc takes when it is made; nothing once it is there. */
    public synchronized long heapBytesToCome() {
        return heap == null ? roundUp(heapBytes) : 0;
    }

    /**
     * Sets the size of the heap of malloc.
     *
     * @throws DeviceException INVALID_VALUE if it is there already, as a launch needed it
     */
    public synchronized void resizeHeap(long bytes) throws DeviceException {
        if (heap != null && bytes != heapBytes) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "the heap of malloc has " + heapBytes + " bytes since a kernel that can use it was launched");
        }
        heapBytes = bytes;
    }

    /** The heap of kernels that call malloc, made at its first use. */
    synchronized DeviceHeap heap() throws DeviceException {
        if (heap == null) {
            heap = new DeviceHeap(allocate(heapBytes), heapBytes);
        }
        return heap;
    }

    /** The heap, if some kernel was launched that can call malloc. */
    synchronized @Nullable DeviceHeap heapIfAny() {
        return heap;
    }

    /** What a launch sees: valid for accesses to all that was allocated before. */
    synchronized GlobalWindow window() throws DeviceException {
        requireOpen();
        return new GlobalWindow(map, base, reservation.segment().address() - base, NO_ADDRESSES, NO_ADDRESSES);
    }

    /** As {@link #window}, with what it takes to check accesses to the byte. */
    synchronized GlobalWindow exactWindow() throws DeviceException {
        requireOpen();
        long[] starts = new long[live.size()];
        long[] ends = new long[live.size()];
        int i = 0;
        for (Map.Entry<Long, Long> entry : live.entrySet()) {
            starts[i] = base + entry.getKey();
            ends[i++] = base + entry.getKey() + entry.getValue();
        }
        return new GlobalWindow(map, base, reservation.segment().address() - base, starts, ends);
    }

    /** Words for a fault: the allocation that an address lies in or nearest to, alive or freed; how far from it. */
    synchronized String near(long address) {
        if (address >= 0 && address < NULL_PAGE) {
            return address == 0 ? "a null pointer" : "a null pointer plus " + address + " bytes";
        }
        long offset = address - base;
        if (offset < 0 || offset >= spaceBytes()) {
            return "no address of this context, whose memory begins at " + hex(base);
        }
        if (heap != null && heap.covers(address)) {
            return heap.near(address);
        }
        Map.Entry<Long, Long> gone = freed.at(offset);
        if (gone != null) {
            return offset - gone.getKey() + " bytes into a freed allocation of " + gone.getValue() + " bytes at "
                    + hex(base + gone.getKey());
        }
        Map.Entry<Long, Long> below = live.floorEntry(offset);
        Map.Entry<Long, Long> above = live.ceilingEntry(offset);
        long past = below == null ? Long.MAX_VALUE : offset - below.getKey() - below.getValue();
        if (below != null && (above == null || past <= above.getKey() - offset)) {
            return (past < 0 ? offset - below.getKey() + " bytes into the " : past + " bytes past the end of the ")
                    + allocation(below);
        }
        return above == null
                ? "nothing is allocated"
                : above.getKey() - offset + " bytes before the " + allocation(above);
    }

    private String allocation(Map.Entry<Long, Long> entry) {
        return entry.getValue() + "-byte allocation at " + hex(base + entry.getKey());
    }

    private String tail(long address) {
        return "; " + near(address);
    }

    /** Unmaps everything. The caller sees to it that no kernel runs. Idempotent. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            live.clear();
            gaps.clear();
            usedBytes = 0;
            map = new byte[0];
            reservation.close();
            BASES.giveBack(base, spaceBytes());
        }
    }

    private void mark(long offset, long length, byte state) {
        int from = (int) (offset >>> GRANULE_SHIFT);
        int to = (int) ((offset + length) >>> GRANULE_SHIFT);
        if (to > map.length) {
            // A launch in flight keeps the old map: what is allocated after its start is not its to use.
            long wholeSpace = spaceBytes() >>> GRANULE_SHIFT;
            map = Arrays.copyOf(map, (int) Math.min(wholeSpace, Math.max(to, 2L * map.length)));
        }
        Arrays.fill(map, from, to, state);
    }

    private void requireOpen() throws DeviceException {
        if (closed) {
            throw new DeviceException(CudaStatus.CONTEXT_IS_DESTROYED, "the memory of this context is closed");
        }
    }

    private DeviceException outOfMemory(long bytes) {
        return new DeviceException(
                CudaStatus.OUT_OF_MEMORY,
                "allocation of " + bytes + " bytes: " + usedBytes + " of " + capacityBytes + " bytes are in use");
    }

    /** The smallest allocations are as large as their guards: twice the capacity always holds the capacity. */
    private long spaceBytes() {
        return 2 * capacityBytes + 2 * GRANULE;
    }

    private static long roundUp(long bytes) {
        return (bytes + GRANULE - 1) & -GRANULE;
    }

    static String hex(long address) {
        return "0x" + Long.toHexString(address);
    }
}
