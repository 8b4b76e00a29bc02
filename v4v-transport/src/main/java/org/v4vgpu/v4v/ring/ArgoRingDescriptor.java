package org.v4vgpu.v4v.ring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The layout of a ring that Xen writes, xen_argo_ring of argo.h, behind a page of this process's own that Xen is not told of. Offsets
 * are from the start of that page.
 *
 * <pre>
 *    0 u32 receiver's doorbell   {@link Doorbell}: rung by this process for an event of Xen's
 *  128 u32 writer's mark         {@link Doorbell}, CLOSED: the writer has detached
 * 4096 u32 rx_ptr                receiver writes, Xen reads: an index into data
 * 4100 u32 tx_ptr                Xen writes, receiver reads: an index into data
 * 4104 u8 reserved[56]
 * 4160 data[length]              records, see {@link RecordDescriptor}
 * </pre>
 *
 * <p>No sender sees this memory: Xen copies messages into it and keeps a tx_ptr of its own. Stateless, safe for any thread.
 */
public final class ArgoRingDescriptor {
    /** Where the memory that Xen gets begins. */
    public static final long RING = 4096;

    /** Xen counts memory in these, whatever the length of the pages that it is mapped by. */
    public static final int PAGE_BYTES = 4096;

    /** What stands before the data. */
    public static final int HEADER_BYTES = 64;

    static final long RECEIVER_DOORBELL = 0;
    static final long WRITER_MARK = 128;
    static final long RX_POINTER = RING;
    static final long TX_POINTER = RING + 4;
    static final long DATA = RING + HEADER_BYTES;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private ArgoRingDescriptor() {}

    /** The pages that Xen gets for a ring of that length. */
    public static int pages(int lengthBytes) {
        return (lengthBytes + HEADER_BYTES + PAGE_BYTES - 1) / PAGE_BYTES;
    }

    /** All that is needed for a ring of that length. */
    public static long mappedBytes(int lengthBytes) {
        return RING + (long) pages(lengthBytes) * PAGE_BYTES;
    }

    /** Makes any memory an empty ring: Xen begins at the tx_ptr that it finds. */
    public static void initialize(MemorySegment ring) {
        ring.asSlice(0, DATA).fill((byte) 0);
    }

    static void rxRelease(MemorySegment ring, int index) {
        INT.setRelease(ring, RX_POINTER, index);
    }

    static int txAcquire(MemorySegment ring) {
        return (int) INT.getAcquire(ring, TX_POINTER);
    }
}
