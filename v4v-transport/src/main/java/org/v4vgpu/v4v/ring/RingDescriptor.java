package org.v4vgpu.v4v.ring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vHypervisor;

/**
 * The layout of a ring in shared memory. Offsets are from the start of the mapping.
 *
 * <pre>
 *    0 u64 magic
 *    8 u32 version
 *   12 u32 length            bytes of data; a multiple of 16
 *   16 u32 port              of the ring
 *   20 u32 partner           the domain that may write
 *  128 u64 rx position       receiver writes, sender reads
 *  256 u64 tx position       sender writes, receiver reads
 *  384 u32 receiver's doorbell  {@link Doorbell}: rung by records
 *  512 u32 sender's doorbell    {@link Doorbell}: rung by space
 * 4096 data[length]          records, see {@link RecordDescriptor}
 * </pre>
 *
 * <p>Positions only grow, from 0; the index of a position is its remainder by the length. Words that both sides touch lie on
 * pairs of cache lines of their own (128 bytes: the adjacent-line prefetcher of x86 fetches pairs). Stateless, safe for any
 * thread. Each side must validate what the other wrote.
 */
public final class RingDescriptor {
    static final long MAGIC = 0x474e_4952_5634_5631L; // "1V4VRING"
    static final int VERSION = 1;

    static final long RX_POSITION = 128;
    static final long TX_POSITION = 256;
    static final long RECEIVER_DOORBELL = 384;
    static final long SENDER_DOORBELL = 512;
    static final long DATA = 4096;

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private RingDescriptor() {}

    /**
     * Whether a ring can have that length.
     *
     * @throws ArgoException EINVAL if not
     */
    public static void checkLength(int lengthBytes) throws ArgoException {
        if (lengthBytes < V4vHypervisor.MINIMUM_RING_BYTES
                || lengthBytes > V4vHypervisor.MAXIMUM_RING_BYTES
                || lengthBytes % V4vHypervisor.SLOT_BYTES != 0) {
            throw new ArgoException(
                    ArgoError.EINVAL,
                    "a ring of " + lengthBytes + " bytes: must be a multiple of 16 from "
                            + V4vHypervisor.MINIMUM_RING_BYTES + " to " + V4vHypervisor.MAXIMUM_RING_BYTES);
        }
    }

    /** What must be mapped for a ring of that length. */
    public static long mappedBytes(int lengthBytes) {
        return DATA + lengthBytes;
    }

    /** Writes the constant words of a new, zeroed ring. */
    public static void initialize(MemorySegment ring, int lengthBytes, long port, int partner) {
        ring.set(ValueLayout.JAVA_INT, 8, VERSION);
        ring.set(ValueLayout.JAVA_INT, 12, lengthBytes);
        ring.set(ValueLayout.JAVA_INT, 16, (int) port);
        ring.set(ValueLayout.JAVA_INT, 20, partner);
        ring.set(ValueLayout.JAVA_LONG, 0, MAGIC);
    }

    /** Whether this is a ring of this layout and length; what a sender checks before it writes. */
    public static boolean isRing(MemorySegment ring, int lengthBytes) {
        return ring.byteSize() >= mappedBytes(lengthBytes)
                && ring.get(ValueLayout.JAVA_LONG, 0) == MAGIC
                && ring.get(ValueLayout.JAVA_INT, 8) == VERSION
                && ring.get(ValueLayout.JAVA_INT, 12) == lengthBytes;
    }

    /** Whether the constant words name that port and partner. */
    public static boolean isFor(MemorySegment ring, long port, int partner) {
        return Integer.toUnsignedLong(ring.get(ValueLayout.JAVA_INT, 16)) == port
                && ring.get(ValueLayout.JAVA_INT, 20) == partner;
    }

    /** The largest message that would fit now, as a sender sees it: from 0 to length - 32, whatever the words say. */
    public static int freeMessageBytes(MemorySegment ring, int lengthBytes) {
        long used = txAcquire(ring) - rxAcquire(ring);
        return (int) Math.max(0, Math.min(lengthBytes - used, lengthBytes) - 2 * RecordDescriptor.SLOT_BYTES);
    }

    static long rxAcquire(MemorySegment ring) {
        return (long) LONG.getAcquire(ring, RX_POSITION);
    }

    static void rxRelease(MemorySegment ring, long rx) {
        LONG.setRelease(ring, RX_POSITION, rx);
    }

    static long txAcquire(MemorySegment ring) {
        return (long) LONG.getAcquire(ring, TX_POSITION);
    }

    static void txRelease(MemorySegment ring, long tx) {
        LONG.setRelease(ring, TX_POSITION, tx);
    }
}
