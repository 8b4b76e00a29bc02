package org.v4vgpu.client.jcuda;

import java.lang.foreign.MemorySegment;
import java.nio.Buffer;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import jcuda.Pointer;
import jcuda.driver.CUmemAttach_flags;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.DeviceMemory;
import org.v4vgpu.client.HostMemory;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/**
 * Memory that the program and its kernels both see: managed memory, and pinned memory that is mapped. There is a block on either
 * side. Safe for any thread.
 *
 * <p>A launch sends the host's bytes first, unless kernels have the block already; the first call that waits and finds the streams of
 * those kernels idle brings back what the device has changed. Between the two the host should not touch it, and what it writes all the
 * same stays, but where the device wrote as well. These are the rules that CUDA has
 * where {@code CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS} is 0, as it is here.
 *
 * <p>Source: CUDA C++ programming guide, unified memory, coherency and concurrency.
 */
final class MirroredMemory {
    /** What a Java buffer can hold. */
    private static final long MAXIMUM_BYTES = Integer.MAX_VALUE;

    /** By the address on this side. */
    private static final ConcurrentNavigableMap<Long, MirroredMemory> BLOCKS = new ConcurrentSkipListMap<>();

    private final HostMemory host;
    private final MemorySegment memory;
    private final DeviceMemory device;
    private final boolean managed;

    /** As the allocation was asked for. */
    private final int flags;

    /** Where kernels were launched that may use the block, since the host last had it. Guarded by this. */
    private final Set<RemoteStream> users = new HashSet<>();

    /** What the device got, to tell what it changed. Guarded by this. */
    private final MirroredBytes lent = new MirroredBytes();

    /** Guarded by this. */
    private int attachment;

    /** Guarded by this. */
    private @Nullable RemoteStream attachedTo;

    private MirroredMemory(HostMemory host, DeviceMemory device, boolean managed, int flags) {
        this.host = host;
        this.memory = host.segment();
        this.device = device;
        this.managed = managed;
        this.flags = flags;
        this.attachment = managed ? flags : CUmemAttach_flags.CU_MEM_ATTACH_GLOBAL;
    }

    // ---- the blocks

    /** Allocates managed memory, and makes the pointer both: a buffer for the program, an address for kernels. */
    static void allocateManaged(RemoteContext context, Pointer pointer, long bytes, int flags) {
        if (flags != CUmemAttach_flags.CU_MEM_ATTACH_GLOBAL && flags != CUmemAttach_flags.CU_MEM_ATTACH_HOST) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "managed memory with the flags " + flags);
        }
        allocate(context, pointer, bytes, true, flags);
    }

    /** Allocates pinned memory that is mapped. */
    static void allocateMapped(RemoteContext context, Pointer pointer, long bytes, int flags) {
        allocate(context, pointer, bytes, false, flags);
    }

    private static void allocate(RemoteContext context, Pointer pointer, long bytes, boolean managed, int flags) {
        if (bytes > MAXIMUM_BYTES) {
            throw new CudaException(
                    CudaStatus.NOT_SUPPORTED, "an allocation of " + bytes + " bytes; JCuda's buffers hold up to 2 GiB");
        }
        DeviceMemory device = context.allocate(bytes);
        HostMemory host;
        try {
            host = context.allocateHost(bytes);
        } catch (CudaException e) {
            device.close();
            throw e;
        }
        MemorySegment memory = host.segment();
        BLOCKS.put(memory.address(), new MirroredMemory(host, device, managed, flags));
        JCudaFields.setHost(pointer, memory.address(), memory.asByteBuffer());
    }

    /** The block that a pointer means; null if it means something else. A plain address is the device's, whatever its number. */
    static @Nullable MirroredMemory of(Pointer pointer) {
        if (BLOCKS.isEmpty()) {
            return null;
        }
        Buffer buffer = JCudaFields.buffer(pointer);
        if (buffer == null || !buffer.isDirect() || JCudaFields.pointers(pointer) != null) {
            return null;
        }
        long address = HostPointer.rawAddress(pointer);
        Map.Entry<Long, MirroredMemory> entry = BLOCKS.floorEntry(address);
        return entry != null
                        && address - entry.getKey() < entry.getValue().memory.byteSize()
                ? entry.getValue()
                : null;
    }

    /** Frees a block by its first address; false if it is ordinary memory. */
    static boolean free(Pointer pointer, boolean managed) {
        MirroredMemory block = of(pointer);
        if (block == null || block.managed != managed) {
            return false;
        }
        long address = HostPointer.rawAddress(pointer);
        if (address != block.memory.address() || !BLOCKS.remove(address, block)) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE,
                    "0x" + Long.toHexString(address) + " is not the beginning of an allocation");
        }
        try {
            block.device.close();
        } finally {
            block.host.close();
        }
        return true;
    }

    /** A context was destroyed: its blocks are gone. */
    static void forgetAllOf(RemoteContext context) {
        for (MirroredMemory block : BLOCKS.values()) {
            if (block.device.context() == context && BLOCKS.remove(block.memory.address(), block)) {
                block.host.close();
            }
        }
    }

    boolean isManaged() {
        return managed;
    }

    int flags() {
        return flags;
    }

    /** Makes {@code target} what kernels are to be given for a pointer to this block. */
    void mapTo(Pointer target, Pointer host) {
        MemorySegment rest = memory.asSlice(HostPointer.rawAddress(host) - memory.address());
        JCudaFields.setHost(target, rest.address(), rest.asByteBuffer());
    }

    DeviceMemory device() {
        return device;
    }

    /** What an address on this side is for a kernel. */
    long deviceAddress(long address) {
        return device.address() + (address - memory.address());
    }

    /** Source: cuStreamAttachMemAsync. */
    synchronized void attach(@Nullable RemoteStream stream, int flags) {
        attachment = flags;
        attachedTo = stream;
    }

    // ---- who has the bytes

    /** Before a kernel is launched: the device gets the blocks that the kernel may use. */
    static void beforeLaunch(RemoteStream stream) {
        if (!BLOCKS.isEmpty()) {
            for (MirroredMemory block : BLOCKS.values()) {
                if (block.device.context() == stream.context()) {
                    block.lend(stream);
                }
            }
        }
    }

    /** After a call that has waited: the host gets back what no kernel uses any more. */
    static void afterWait() {
        if (!BLOCKS.isEmpty()) {
            for (MirroredMemory block : BLOCKS.values()) {
                block.takeBack(false);
            }
        }
    }

    /** Before a copy or a fill: the host gets the block back that a pointer means. False if it means something else. */
    static boolean acquire(Pointer pointer) {
        MirroredMemory block = of(pointer);
        if (block != null) {
            block.takeBack(true);
        }
        return block != null;
    }

    private synchronized void lend(RemoteStream stream) {
        boolean visible = switch (attachment) {
            case CUmemAttach_flags.CU_MEM_ATTACH_HOST -> false;
            case CUmemAttach_flags.CU_MEM_ATTACH_SINGLE -> attachedTo == stream;
            default -> true;
        };
        if (visible) {
            if (users.isEmpty()) {
                // Waits, so that kernels of other streams that come later find the bytes as well.
                device.copyFromAndWait(lent.take(memory), stream);
            }
            users.add(stream);
        }
    }

    private synchronized void takeBack(boolean waits) {
        if (users.isEmpty() || !device.context().isOpen()) {
            return;
        }
        for (RemoteStream stream : users) {
            if (waits || !stream.isOpen()) {
                device.context().synchronize();
            } else if (!stream.isDone()) {
                return;
            }
        }
        users.clear();
        lent.takeChanges(device, memory);
    }
}
