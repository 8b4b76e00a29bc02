package org.v4vgpu.v4v.tcp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * What goes over the wire.
 *
 * <pre>
 *  preamble, once in each direction       frame
 *   0 u32 magic                            0 u32 header length, or {@link #SIGNAL}
 *   4 u16 version                          4 u32 payload length, or {@link #GOODBYE} or {@link #END}
 *   6 u16 0                                8 header, payload
 * </pre>
 *
 * <p>GOODBYE is a whole frame and the last one: without it the end of the stream is a death. END is a whole frame after which only
 * GOODBYE may come: its sender still receives. Little endian. Stateless, safe for any thread.
 */
final class TcpDescriptor {
    static final int PREAMBLE_BYTES = 8;
    static final int PREFIX_BYTES = 8;
    static final int SIGNAL = 0xFFFF_FFFF;
    static final int GOODBYE = 0;
    static final int END = 1;

    static final int MAXIMUM_HEADER_BYTES = 64 * 1024;
    static final int MAXIMUM_PAYLOAD_BYTES = 256 * 1024;
    static final int MAXIMUM_FRAME_BYTES = PREFIX_BYTES + MAXIMUM_HEADER_BYTES + MAXIMUM_PAYLOAD_BYTES;

    private static final int MAGIC = 0x5056_3456; // "V4VP"
    private static final int VERSION = 1;

    private TcpDescriptor() {}

    static ByteBuffer preamble() {
        return ByteBuffer.allocate(PREAMBLE_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(MAGIC)
                .putShort((short) VERSION)
                .putShort((short) 0)
                .flip();
    }

    /** A whole frame that says {@link #GOODBYE} or {@link #END}. */
    static ByteBuffer signal(int kind) {
        return ByteBuffer.allocate(PREFIX_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(SIGNAL)
                .putInt(kind)
                .flip();
    }

    /** Empty if the peer's preamble is right, else what is wrong, as the end of a sentence about the peer. */
    static String foreignness(ByteBuffer preamble) {
        ByteBuffer words = preamble.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        if (words.getInt(0) != MAGIC) {
            String text = StandardCharsets.US_ASCII.decode(preamble.duplicate()).toString();
            return "does not speak the v4vgpu message protocol (it sent '" + text.replaceAll("[^\\x20-\\x7e]", "?")
                    + "')";
        }
        int version = Short.toUnsignedInt(words.getShort(4));
        return version == VERSION
                ? ""
                : "speaks version " + version + " of the v4vgpu message protocol, this is version " + VERSION;
    }
}
