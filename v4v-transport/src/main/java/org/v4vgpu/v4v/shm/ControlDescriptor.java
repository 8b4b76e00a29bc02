package org.v4vgpu.v4v.shm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A packet between two domains of a fabric: a request to the domain that serves the socket, or its reply. One packet of the
 * socket is one request or reply.
 *
 * <pre>
 *  0 u32 magic
 *  4 u16 version
 *  6 u16 kind            {@link #HELLO}, ...
 *  8 u32 id              of the request; a reply repeats it
 * 12 u32 status          in replies: 0 or an Argo errno
 * 16 u32 port            the ring that is meant; WINDOW: the window
 * 20 u32 number          HELLO: domain, in its reply the milliseconds between the beats that are wanted, 0 for none;
 *                        RESOLVE's reply: ring length, 0 for a ring for any partner; SEND: source port;
 *                        NOTIFY, WAIT: wanted bytes, in the reply the largest message
 * 24 u32 extra           HELLO: {@link #ASIDE} or 0; SEND: message type; NOTIFY's and WAIT's reply: flags
 * 28 u32 length          SEND with a descriptor: of the message; else 0
 * 32 u64 incarnation     HELLO: of the speaker's domain
 * 40 bytes               SEND without a descriptor: the message
 * </pre>
 *
 * <p>RESOLVE's reply carries the ring's memory as a descriptor, WINDOW's the window's, SEND a message that is too long for a packet. BEAT has no reply, and
 * WAIT's comes when there is something to say. Little endian. Stateless, safe for any thread.
 */
final class ControlDescriptor {
    static final int MAGIC = 0x4356_3456; // "V4VC"
    static final short VERSION = 2;

    /** Who speaks; the first request on a socket. */
    static final int HELLO = 1;

    /** Wants the memory of the ring that is registered for the speaker. */
    static final int RESOLVE = 2;

    /** A message for a ring for any partner. */
    static final int SEND = 3;

    /** Asks about a ring. */
    static final int NOTIFY = 4;

    /** As NOTIFY, but answered only when the space is there or never will be. */
    static final int WAIT = 5;

    /** A sign of life. */
    static final int BEAT = 6;

    /** Wants the memory of a window that is offered to the speaker; the port is the window's name. */
    static final int WINDOW = 7;

    /** HELLO's: a socket beside the first one, whose hang-up is not the speaker's death. */
    static final int ASIDE = 1;

    static final int FLAG_EXISTS = 1;
    static final int FLAG_SHARED = 2;
    static final int FLAG_EMPTY = 4;
    static final int FLAG_SUFFICIENT = 8;
    static final int FLAG_TOO_LARGE = 16;
    static final int FLAG_BUSY = 32;

    static final int BYTES = 40;

    /** A longer message travels as a descriptor. */
    static final int MAXIMUM_DATA_BYTES = 64 * 1024;

    static final int MAXIMUM_PACKET_BYTES = BYTES + MAXIMUM_DATA_BYTES;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private ControlDescriptor() {}

    static void write(
            MemorySegment packet, int kind, int id, int status, int port, int number, int extra, long incarnation) {
        packet.set(INT, 0, MAGIC);
        packet.set(SHORT, 4, VERSION);
        packet.set(SHORT, 6, (short) kind);
        packet.set(INT, 8, id);
        packet.set(INT, 12, status);
        packet.set(INT, 16, port);
        packet.set(INT, 20, number);
        packet.set(INT, 24, extra);
        packet.set(INT, 28, 0);
        packet.set(LONG, 32, incarnation);
    }

    static void writeLength(MemorySegment packet, int length) {
        packet.set(INT, 28, length);
    }

    static int length(MemorySegment packet) {
        return packet.get(INT, 28);
    }

    static boolean hasMagic(MemorySegment packet, int bytes) {
        return bytes >= BYTES && packet.get(INT, 0) == MAGIC;
    }

    static int version(MemorySegment packet) {
        return Short.toUnsignedInt(packet.get(SHORT, 4));
    }

    static int kind(MemorySegment packet) {
        return Short.toUnsignedInt(packet.get(SHORT, 6));
    }

    static int id(MemorySegment packet) {
        return packet.get(INT, 8);
    }

    static int status(MemorySegment packet) {
        return packet.get(INT, 12);
    }

    static long port(MemorySegment packet) {
        return Integer.toUnsignedLong(packet.get(INT, 16));
    }

    static int number(MemorySegment packet) {
        return packet.get(INT, 20);
    }

    static int extra(MemorySegment packet) {
        return packet.get(INT, 24);
    }

    static long incarnation(MemorySegment packet) {
        return packet.get(LONG, 32);
    }
}
