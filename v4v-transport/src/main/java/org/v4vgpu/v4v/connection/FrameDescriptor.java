package org.v4vgpu.v4v.connection;

/**
 * The bytes of a DATA record's message.
 *
 * <pre>
 *  0 u32 header length
 *  4 u32 payload length
 *  8 header
 *    padding to a multiple of 16
 *    payload
 * </pre>
 *
 * <p>Records begin at multiples of 16 and have a header of 16 bytes, so the payload is aligned to 16 in the ring. A message
 * without payload ends with its header, without padding. Stateless, safe for any thread.
 */
final class FrameDescriptor {
    static final int HEADER_LENGTH = 0;
    static final int PAYLOAD_LENGTH = 4;
    static final int HEADER = 8;

    private static final int ALIGNMENT = 16;

    private FrameDescriptor() {}

    /** Where the payload begins. */
    static int payloadOffset(int headerBytes) {
        return (HEADER + headerBytes + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /** The length of the whole message. */
    static int messageBytes(int headerBytes, int payloadBytes) {
        return payloadBytes == 0 ? HEADER + headerBytes : payloadOffset(headerBytes) + payloadBytes;
    }
}
