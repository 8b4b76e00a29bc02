package org.v4vgpu.proto;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The fixed part in front of every message's header.
 *
 * <pre>
 *   0                2                4                                8
 *   +----------------+----------------+--------------------------------+
 *   | number         | flags          | status                         |
 *   +----------------+----------------+--------------------------------+
 *   | sequence                                                         |
 *   +------------------------------------------------------------------+
 *   | payloadBytes                                                     |
 *   +------------------------------------------------------------------+
 *   | request or reply, as protobuf encodes it, to the header's end    |  24
 * </pre>
 *
 * All fields are little-endian.
 *
 * <ul>
 *   <li>{@code number}: the call's number in {@code calls.proto}; {@link #CONTINUATION} in a message that carries more of the
 *       payload of the call before it on the same lane, and whose header ends here unless it has the flag {@link #ERROR}.
 *   <li>{@code flags}: {@link #REPLY} from server to client; {@link #WAITS} when the client waits for a reply; {@link #LAST}
 *       in the message that carries the end of the payload (also when there is none); {@link #ERROR} in a reply, or the last
 *       continuation of one, whose protobuf message is a {@code CallError} in the place of the call's own reply; {@link #PRINTED}
 *       in a reply when kernels have printed something that the client has yet to take, by {@code PrintfRead}.
 *   <li>{@code status}: the CUresult, in replies and in their last continuation, where it replaces an earlier success.
 *   <li>{@code sequence}: the session-wide number of the call (decision "a lane per calling thread"); a payload of several
 *       messages takes one number for its first and one for its last, and 0, which is none, between them. A reply repeats
 *       the call's number. 0 before the session exists ({@code Hello}).
 *   <li>{@code payloadBytes}: the length of the whole payload, over all its messages; repeated in the continuations.
 * </ul>
 */
public final class CallDescriptor {
    /** Length of the descriptor; the protobuf message begins here. */
    public static final int BYTES = 24;

    /** The number of a message that continues a payload. */
    public static final int CONTINUATION = 0;

    public static final int REPLY = 1;
    public static final int WAITS = 2;
    public static final int LAST = 4;
    public static final int ERROR = 8;
    public static final int PRINTED = 16;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final long NUMBER = 0;
    private static final long FLAGS = 2;
    private static final long STATUS = 4;
    private static final long SEQUENCE = 8;
    private static final long PAYLOAD_BYTES = 16;

    private CallDescriptor() {}

    static void write(MemorySegment header, int number, int flags, int status, long sequence, long payloadBytes) {
        header.set(SHORT, NUMBER, (short) number);
        header.set(SHORT, FLAGS, (short) flags);
        header.set(INT, STATUS, status);
        header.set(LONG, SEQUENCE, sequence);
        header.set(LONG, PAYLOAD_BYTES, payloadBytes);
    }

    /** Gives an encoded header its number in sequence, once that is known. */
    public static void sequence(MemorySegment header, long sequence) {
        header.set(LONG, SEQUENCE, sequence);
    }

    static int number(MemorySegment header) {
        return Short.toUnsignedInt(header.get(SHORT, NUMBER));
    }

    static int flags(MemorySegment header) {
        return Short.toUnsignedInt(header.get(SHORT, FLAGS));
    }

    static int status(MemorySegment header) {
        return header.get(INT, STATUS);
    }

    static long sequence(MemorySegment header) {
        return header.get(LONG, SEQUENCE);
    }

    static long payloadBytes(MemorySegment header) {
        return header.get(LONG, PAYLOAD_BYTES);
    }
}
