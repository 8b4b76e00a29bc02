package org.v4vgpu.v4v.connection;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * The messages that open and close a connection, and what tells them from others: their record's message type.
 *
 * <pre>
 *  REQUEST, into the listening ring; ACCEPT or REFUSE, into the connector's ring
 *   0 u32 magic
 *   4 u32 version
 *   8 u32 port       of the speaker's own ring for this connection
 *  12 u32 pad        0
 *  16 bytes          REFUSE: the reason, one line of UTF-8
 *
 *  DATA: {@link FrameDescriptor}
 *  END: empty; the speaker sends nothing more, and still receives
 * </pre>
 *
 * <p>Magic and version stay where they are in all versions. Little endian. Stateless, safe for any thread.
 */
final class ConnectDescriptor {
    static final int REQUEST = 0x5634_0001;
    static final int ACCEPT = 0x5634_0002;
    static final int REFUSE = 0x5634_0003;
    static final int DATA = 0x5634_0004;
    static final int END = 0x5634_0005;

    static final int MAGIC = 0x4753_4d56; // "VMSG"
    static final int VERSION = 1;
    static final int BYTES = 16;
    static final int MAXIMUM_REASON_BYTES = 200;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    private ConnectDescriptor() {}

    static MemorySegment encode(long port, String reason) {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(text.length, MAXIMUM_REASON_BYTES);
        MemorySegment message = MemorySegment.ofArray(new byte[BYTES + length]);
        message.set(INT, 0, MAGIC);
        message.set(INT, 4, VERSION);
        message.set(INT, 8, (int) port);
        message.set(INT, 12, 0);
        MemorySegment.copy(text, 0, message, ValueLayout.JAVA_BYTE, BYTES, length);
        return message;
    }

    /** Empty if the message is of this protocol and version, else what is wrong, as the end of a sentence about the peer. */
    static String foreignness(MemorySegment message) {
        if (message.byteSize() < BYTES || message.get(INT, 0) != MAGIC) {
            return "does not speak the v4vgpu message protocol";
        }
        int version = message.get(INT, 4);
        return version == VERSION
                ? ""
                : "speaks version " + Integer.toUnsignedString(version)
                        + " of the v4vgpu message protocol, this is version " + VERSION;
    }

    static long port(MemorySegment message) {
        return Integer.toUnsignedLong(message.get(INT, 8));
    }

    /** The peer's words, made harmless for a log. */
    static String reason(MemorySegment message) {
        byte[] text = message.asSlice(BYTES).toArray(ValueLayout.JAVA_BYTE);
        return new String(text, 0, Math.min(text.length, MAXIMUM_REASON_BYTES), StandardCharsets.UTF_8)
                .replaceAll("\\p{Cntrl}", "?");
    }
}
