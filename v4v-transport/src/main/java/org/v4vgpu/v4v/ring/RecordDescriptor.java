package org.v4vgpu.v4v.ring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The header of a record in a ring, Argo's xen_argo_ring_message_header. Records begin at multiples of 16, so a header never
 * wraps at the end of the ring; the message behind it may.
 *
 * <pre>
 *  0 u32 len            header included
 *  4 u32 source port
 *  8 u16 source domain
 * 10 u16 pad            0
 * 12 u32 message_type
 * 16 message
 * </pre>
 *
 * <p>Little endian, as x86 and Arm write it. Stateless, safe for any thread.
 */
public final class RecordDescriptor {
    public static final int BYTES = 16;
    public static final int SLOT_BYTES = 16;

    private static final long LENGTH = 0;
    private static final long SOURCE_PORT = 4;
    private static final long SOURCE_DOMAIN = 8;
    private static final long MESSAGE_TYPE = 12;

    private RecordDescriptor() {}

    /** A length rounded up to whole slots. */
    static int slots(int bytes) {
        return (bytes + (SLOT_BYTES - 1)) & -SLOT_BYTES;
    }

    /** What a message occupies: header and message in whole slots. */
    static int recordBytes(int messageBytes) {
        return BYTES + slots(messageBytes);
    }

    static int length(MemorySegment ring, long at) {
        return ring.get(ValueLayout.JAVA_INT, at + LENGTH);
    }

    static int sourcePort(MemorySegment ring, long at) {
        return ring.get(ValueLayout.JAVA_INT, at + SOURCE_PORT);
    }

    static int sourceDomain(MemorySegment ring, long at) {
        return Short.toUnsignedInt(ring.get(ValueLayout.JAVA_SHORT, at + SOURCE_DOMAIN));
    }

    static int messageType(MemorySegment ring, long at) {
        return ring.get(ValueLayout.JAVA_INT, at + MESSAGE_TYPE);
    }

    static void write(MemorySegment ring, long at, int length, int sourcePort, int sourceDomain, int messageType) {
        ring.set(ValueLayout.JAVA_INT, at + LENGTH, length);
        ring.set(ValueLayout.JAVA_INT, at + SOURCE_PORT, sourcePort);
        ring.set(ValueLayout.JAVA_INT, at + SOURCE_DOMAIN, sourceDomain);
        ring.set(ValueLayout.JAVA_INT, at + MESSAGE_TYPE, messageType);
    }
}
