package org.v4vgpu.client.jcuda;

import java.lang.foreign.MemorySegment;
import java.nio.Buffer;
import java.util.Map;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import jcuda.Pointer;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.HostMemory;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.proto.CudaStatus;

/**
 * Host memory that the program got from CUDA, or registered with it. Safe for any thread. Where the
 * server sees it ({@link HostMemory}), copies take no way through the transport and asynchronous ones read and write it when their
 * stream comes there; elsewhere, and where the program registered memory of its own, all that "pinned" means is that a copy from it
 * waits until it is done, as CUDA's do.
 *
 * <p>Freed memory is really given back: a buffer that the program kept throws {@code IllegalStateException} from then on.
 */
final class PinnedMemory {
    /** What a Java buffer can hold. */
    private static final long MAXIMUM_BYTES = Integer.MAX_VALUE;

    /** CU_MEMHOSTALLOC_DEVICEMAP and cudaHostAllocMapped. */
    private static final int MAPPED = 2;

    /** Portable, mapped, write-combined: the flags that there are. */
    private static final int KNOWN_FLAGS = 7;

    /** Portable, mapped, of a device, read-only: the flags of a registration. */
    private static final int REGISTRATION_FLAGS = 15;

    private static final ConcurrentNavigableMap<Long, Block> BLOCKS = new ConcurrentSkipListMap<>();

    private PinnedMemory() {}

    static void allocate(RemoteContext context, Pointer pointer, long bytes, int flags) {
        if ((flags & ~KNOWN_FLAGS) != 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a host allocation with the flags " + flags);
        }
        if (bytes <= 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a host allocation of " + bytes + " bytes");
        }
        if (bytes > MAXIMUM_BYTES) {
            throw new CudaException(
                    CudaStatus.NOT_SUPPORTED,
                    "a host allocation of " + bytes + " bytes; JCuda's buffers hold up to 2 GiB");
        }
        if ((flags & MAPPED) != 0) {
            MirroredMemory.allocateMapped(context, pointer, bytes, flags);
            return;
        }
        HostMemory memory = context.allocateHost(bytes);
        MemorySegment segment = memory.segment();
        BLOCKS.put(segment.address(), new Block(bytes, flags, memory, segment));
        JCudaFields.setHost(pointer, segment.address(), segment.asByteBuffer());
    }

    /** @throws CudaException INVALID_VALUE if it is no allocation, or was freed */
    static void free(Pointer pointer) {
        if (MirroredMemory.free(pointer, false)) {
            return;
        }
        Block block = BLOCKS.get(JCudaFields.nativePointer(pointer));
        HostMemory memory = block == null ? null : block.memory();
        if (memory == null || !BLOCKS.remove(JCudaFields.nativePointer(pointer), block)) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "no host memory to be freed, or freed before");
        }
        memory.close();
    }

    /** Remembers direct memory of the program's own; memory of the heap moves, and stays what it is. */
    static void register(Pointer pointer, long bytes, int flags) {
        MemorySegment memory = HostPointer.of(pointer).bytes(bytes);
        if (bytes == 0 || (flags & ~REGISTRATION_FLAGS) != 0) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE, "a registration of " + bytes + " bytes with the flags " + flags);
        }
        if (!memory.isNative()) {
            throw new CudaException(
                    CudaStatus.NOT_SUPPORTED, "Java arrays can't be registered; use a direct buffer or cuMemHostAlloc");
        }
        synchronized (BLOCKS) {
            Map.Entry<Long, Block> before = BLOCKS.lowerEntry(memory.address() + bytes);
            if (before != null && before.getKey() + before.getValue().bytes() > memory.address()) {
                throw new CudaException(
                        CudaStatus.HOST_MEMORY_ALREADY_REGISTERED,
                        "the host memory, or some of it, is registered already");
            }
            BLOCKS.put(memory.address(), new Block(bytes, flags, null, memory));
        }
    }

    static void unregister(Pointer pointer) {
        long address = HostPointer.rawAddress(pointer);
        Block block = BLOCKS.get(address);
        if (block == null || block.memory() != null || !BLOCKS.remove(address, block)) {
            throw new CudaException(CudaStatus.HOST_MEMORY_NOT_REGISTERED, "the host memory is not registered");
        }
    }

    static int flags(Pointer pointer) {
        MirroredMemory mapped = MirroredMemory.of(pointer);
        if (mapped != null && !mapped.isManaged()) {
            return mapped.flags();
        }
        Block block = at(HostPointer.rawAddress(pointer));
        if (block == null) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "no pinned host memory");
        }
        return block.flags();
    }

    /** Makes {@code device} what kernels are to be given for mapped memory. */
    static void map(Pointer device, Pointer host) {
        MirroredMemory mapped = MirroredMemory.of(host);
        if (mapped == null || mapped.isManaged()) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE,
                    "the host memory is not mapped; allocate it with CU_MEMHOSTALLOC_DEVICEMAP");
        }
        mapped.mapTo(device, host);
    }

    static boolean isPinned(Pointer pointer) {
        Buffer buffer = JCudaFields.buffer(pointer);
        return JCudaFields.pointers(pointer) == null
                && buffer != null
                && buffer.isDirect()
                && at(HostPointer.rawAddress(pointer)) != null;
    }

    static boolean contains(MemorySegment memory) {
        return memory.isNative() && !BLOCKS.isEmpty() && at(memory.address()) != null;
    }

    private static @Nullable Block at(long address) {
        Map.Entry<Long, Block> entry = BLOCKS.floorEntry(address);
        return entry != null && address - entry.getKey() < entry.getValue().bytes() ? entry.getValue() : null;
    }

    /**
     * A range of pinned memory.
     *
     * @param memory what was allocated; null if the program's own memory was registered
     * @param segment keeps a registered buffer: were it collected, the JVM might give its address to another one
     */
    private record Block(long bytes, int flags, @Nullable HostMemory memory, MemorySegment segment) {}
}
