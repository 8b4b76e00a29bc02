package org.v4vgpu.v4v.socket;

/**
 * The records of a connection that carries a byte stream, told apart by their message type.
 *
 * <pre>
 *  BYTES  the message is the next bytes of the stream; may be empty
 *  END    empty; the speaker writes nothing more, and still reads
 *  RESET  empty; the speaker has thrown the connection away
 * </pre>
 *
 * <p>The record's own header says the length, so there is no framing inside. A writer always leaves {@link #RESERVED_BYTES} of the
 * ring free: END or RESET never waits. Stateless, safe for any thread.
 */
public final class StreamDescriptor {
    public static final int BYTES = 0x5634_0011;
    public static final int END = 0x5634_0012;
    public static final int RESET = 0x5634_0013;

    /** What an empty record takes. */
    public static final int RESERVED_BYTES = 16;

    private StreamDescriptor() {}

    /** The most bytes that one record holds: several fit a ring, so that both sides work at the same time. */
    public static int chunkBytes(int ringBytes) {
        return Math.max(1, ringBytes / 4);
    }
}
