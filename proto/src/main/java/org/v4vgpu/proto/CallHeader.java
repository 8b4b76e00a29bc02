package org.v4vgpu.proto;

import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import java.lang.foreign.MemorySegment;

/**
 * A received header, checked: the descriptor's fields and the protobuf bytes behind it. Immutable as long as the segment that
 * it was decoded from is (a channel's header is a private copy, valid until its message is released).
 *
 * <p>Source of the layout: {@link CallDescriptor}.
 */
public record CallHeader(int number, int flags, int status, long sequence, long payloadBytes, MemorySegment message) {
    private static final int KNOWN_FLAGS = CallDescriptor.REPLY
            | CallDescriptor.WAITS
            | CallDescriptor.LAST
            | CallDescriptor.ERROR
            | CallDescriptor.PRINTED;

    /** Flags of replies only. */
    private static final int ANSWERS = CallDescriptor.ERROR | CallDescriptor.PRINTED;

    private static final MemorySegment NOTHING = MemorySegment.ofArray(new byte[0]);

    /**
     * Decodes and checks a header.
     *
     * @throws ProtocolException if it is shorter than a descriptor, has unknown flags, a flag of replies outside a reply, or a
     *     negative payload length
     */
    public static CallHeader decode(MemorySegment header) throws ProtocolException {
        if (header.byteSize() < CallDescriptor.BYTES) {
            throw new ProtocolException("header of " + header.byteSize() + " bytes is shorter than a call descriptor ("
                    + CallDescriptor.BYTES + ")");
        }
        int flags = CallDescriptor.flags(header);
        if ((flags & ~KNOWN_FLAGS) != 0) {
            throw new ProtocolException("unknown flags 0x" + Integer.toHexString(flags) + " in a call descriptor");
        }
        if ((flags & ANSWERS) != 0 && (flags & CallDescriptor.REPLY) == 0) {
            throw new ProtocolException(
                    "flags 0x" + Integer.toHexString(flags & ANSWERS) + " of a reply in a message that is none");
        }
        long payloadBytes = CallDescriptor.payloadBytes(header);
        if (payloadBytes < 0) {
            throw new ProtocolException("negative payload length " + payloadBytes + " in a call descriptor");
        }
        return new CallHeader(
                CallDescriptor.number(header),
                flags,
                CallDescriptor.status(header),
                CallDescriptor.sequence(header),
                payloadBytes,
                header.asSlice(CallDescriptor.BYTES));
    }

    public boolean isReply() {
        return (flags & CallDescriptor.REPLY) != 0;
    }

    /** Whether the client waits for a reply to this call. */
    public boolean waits() {
        return (flags & CallDescriptor.WAITS) != 0;
    }

    /** Whether the payload ends with this message. */
    public boolean isLast() {
        return (flags & CallDescriptor.LAST) != 0;
    }

    public boolean isContinuation() {
        return number == CallDescriptor.CONTINUATION;
    }

    /** Whether words stand in the place of the reply's own message. */
    public boolean isError() {
        return (flags & CallDescriptor.ERROR) != 0;
    }

    /** Whether kernels have printed something that waits to be taken. */
    public boolean isPrinted() {
        return (flags & CallDescriptor.PRINTED) != 0;
    }

    /**
     * What the other side says went wrong: one line of bounded length; empty if it says nothing.
     *
     * @throws ProtocolException if the bytes are no such message
     */
    public String errorText() throws ProtocolException {
        if (!isError()) {
            return "";
        }
        String text = parse(CallError.parser(), message).getText();
        int length = Math.min(text.length(), Limits.MAXIMUM_ERROR_CHARACTERS);
        return text.substring(0, length).replaceAll("\\p{Cntrl}+", " ").strip();
    }

    /**
     * Parses the message behind the descriptor. Where words stand in its place, it is empty.
     *
     * @throws ProtocolException if the bytes are no such message
     */
    public <T> T parse(Parser<T> parser) throws ProtocolException {
        return parse(parser, isError() ? NOTHING : message);
    }

    private <T> T parse(Parser<T> parser, MemorySegment bytes) throws ProtocolException {
        try {
            return parser.parseFrom(bytes.asByteBuffer(), ExtensionRegistryLite.getEmptyRegistry());
        } catch (InvalidProtocolBufferException e) {
            throw new ProtocolException("malformed message in call " + number + ": " + e.getMessage(), e);
        }
    }
}
