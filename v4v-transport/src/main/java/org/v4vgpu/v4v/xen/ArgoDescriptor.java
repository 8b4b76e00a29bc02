package org.v4vgpu.v4v.xen;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor.RingStatus;

/**
 * Argo's hypercall interface on x86-64, named as in Xen's public/argo.h. Little endian.
 *
 * <pre>
 *  xen_argo_addr                    8 bytes    xen_argo_iov              16 bytes
 *   0 u32 aport                                 0 u64 iov_hnd   an address
 *   4 u16 domain_id                             8 u32 iov_len
 *   6 u16 pad  0                               12 u32 pad  0
 *
 *  xen_argo_send_addr              16 bytes    xen_argo_register_ring    12 bytes (unregister: the first 8)
 *   0 xen_argo_addr src                         0 u32 aport
 *   8 xen_argo_addr dst                         4 u16 partner_id
 *                                               6 u16 pad  0
 *                                               8 u32 len
 *
 *  xen_argo_ring_data               8 bytes    xen_argo_ring_data_ent    20 bytes, behind it, nent times
 *   0 u32 nent                                  0 xen_argo_addr ring
 *   4 u32 pad                                   8 u16 flags             out
 *                                              10 u16 pad
 *                                              12 u32 space_required
 *                                              16 u32 max_message_size  out
 * </pre>
 *
 * <p>Stateless, safe for any thread.
 */
final class ArgoDescriptor {
    /** __HYPERVISOR_argo_op. */
    static final int HYPERCALL = 39;

    static final int OP_REGISTER_RING = 1;
    static final int OP_UNREGISTER_RING = 2;
    static final int OP_SENDV = 3;
    static final int OP_NOTIFY = 4;

    static final int VIRQ_ARGO = 11;
    static final int REGISTER_FLAG_FAIL_EXIST = 1;
    static final int NOTIFY_MAX_ENTRIES = 256;

    static final int RING_EXISTS = 1;
    static final int RING_SHARED = 2;
    static final int RING_EMPTY = 4;
    static final int RING_SUFFICIENT = 8;
    static final int RING_EMSGSIZE = 16;
    static final int RING_EBUSY = 32;

    static final int ADDR_BYTES = 8;
    static final int SEND_ADDR_BYTES = 16;
    static final int IOV_BYTES = 16;
    static final int REGISTER_RING_BYTES = 12;
    static final int RING_DATA_BYTES = 8;
    static final int RING_DATA_ENT_BYTES = 20;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private ArgoDescriptor() {}

    private static void addr(MemorySegment memory, long at, int domain, long port) {
        memory.set(INT, at, (int) port);
        memory.set(SHORT, at + 4, (short) domain);
        memory.set(SHORT, at + 6, (short) 0);
    }

    static void sendAddr(MemorySegment memory, long at, V4vAddress source, V4vAddress destination) {
        addr(memory, at, source.domain(), source.port());
        addr(memory, at + ADDR_BYTES, destination.domain(), destination.port());
    }

    static void iov(MemorySegment memory, long at, long address, int bytes) {
        memory.set(LONG, at, address);
        memory.set(INT, at + 8, bytes);
        memory.set(INT, at + 12, 0);
    }

    static void registerRing(MemorySegment memory, long at, long port, int partner, int lengthBytes) {
        addr(memory, at, partner, port);
        memory.set(INT, at + 8, lengthBytes);
    }

    static void ringData(MemorySegment memory, long at, int entries) {
        memory.set(INT, at, entries);
        memory.set(INT, at + 4, 0);
    }

    private static long ent(long at, int entry) {
        return at + RING_DATA_BYTES + (long) entry * RING_DATA_ENT_BYTES;
    }

    /** @param at of the xen_argo_ring_data */
    static void ringDataEnt(MemorySegment memory, long at, int entry, V4vAddress ring, int spaceRequired) {
        long ent = ent(at, entry);
        addr(memory, ent, ring.domain(), ring.port());
        memory.set(SHORT, ent + 8, (short) 0);
        memory.set(SHORT, ent + 10, (short) 0);
        memory.set(INT, ent + 12, spaceRequired);
        memory.set(INT, ent + 16, 0);
    }

    /** What Xen wrote into an entry. */
    static RingStatus ringStatus(MemorySegment memory, long at, int entry) {
        long ent = ent(at, entry);
        int flags = memory.get(SHORT, ent + 8);
        if ((flags & RING_EXISTS) == 0) {
            return RingStatus.NONE;
        }
        return new RingStatus(
                true,
                (flags & RING_SHARED) != 0,
                (flags & RING_EMPTY) != 0,
                (flags & RING_SUFFICIENT) != 0,
                (flags & RING_EMSGSIZE) != 0,
                (flags & RING_EBUSY) != 0,
                memory.get(INT, ent + 16));
    }
}
