package org.v4vgpu.proto;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Encodes headers into one reused array. Confined to its lane's thread; a returned segment is valid until the next call.
 *
 * {@snippet :
 *   MemorySegment header = encoder.request(Call.CTX_SYNCHRONIZE, CallDescriptor.WAITS | CallDescriptor.LAST, sequence, 0,
 *           CtxSynchronizeRequest.newBuilder().setContext(context).build());
 *   channel.send(header);
 * }
 */
public final class CallEncoder {
    private static final int KEPT_BEGINNINGS = 256;

    private byte[] array = new byte[512];
    private MemorySegment segment = MemorySegment.ofArray(array);

    /** Beginnings of the array by their length: calls come in few lengths, and a slice for each would be garbage. */
    private final @Nullable MemorySegment[] beginnings = new MemorySegment[KEPT_BEGINNINGS];

    /** A call's first header. */
    public MemorySegment request(Call<?, ?> call, int flags, long sequence, long payloadBytes, MessageLite message) {
        return encode(call.number(), flags, 0, sequence, payloadBytes, message);
    }

    /** A reply's first header. */
    public MemorySegment reply(
            int number, int flags, CudaStatus status, long sequence, long payloadBytes, @Nullable MessageLite message) {
        return encode(number, flags | CallDescriptor.REPLY, status.code(), sequence, payloadBytes, message);
    }

    /**
     * The header of a reply that says in words what went wrong, or of the last message of a payload that broke off: then the
     * number is {@link CallDescriptor#CONTINUATION}. Longer words than {@link Limits#MAXIMUM_ERROR_CHARACTERS} are cut.
     */
    public MemorySegment error(int number, CudaStatus status, long sequence, long payloadBytes, String text) {
        int length = Math.min(text.length(), Limits.MAXIMUM_ERROR_CHARACTERS);
        if (length > 0 && length < text.length() && Character.isHighSurrogate(text.charAt(length - 1))) {
            length--;
        }
        return encode(
                number,
                CallDescriptor.REPLY | CallDescriptor.LAST | CallDescriptor.ERROR,
                status.code(),
                sequence,
                payloadBytes,
                CallError.newBuilder().setText(text.substring(0, length)).build());
    }

    /** The header of a message that carries more of a request's payload. */
    public MemorySegment continuation(int flags, long sequence, long payloadBytes) {
        return encode(CallDescriptor.CONTINUATION, flags, 0, sequence, payloadBytes, null);
    }

    /** The header of a message that carries more of a reply's payload. The status of the last one is the copy's. */
    public MemorySegment replyContinuation(int flags, CudaStatus status, long sequence, long payloadBytes) {
        return encode(
                CallDescriptor.CONTINUATION, flags | CallDescriptor.REPLY, status.code(), sequence, payloadBytes, null);
    }

    private MemorySegment encode(
            int number, int flags, int status, long sequence, long payloadBytes, @Nullable MessageLite message) {
        int length = message == null ? 0 : message.getSerializedSize();
        int bytes = CallDescriptor.BYTES + length;
        if (bytes > Limits.MAXIMUM_HEADER_BYTES) {
            throw new IllegalArgumentException("header of " + bytes + " bytes exceeds " + Limits.MAXIMUM_HEADER_BYTES);
        }
        if (bytes > array.length) {
            array = new byte[Integer.highestOneBit(bytes - 1) << 1];
            segment = MemorySegment.ofArray(array);
            Arrays.fill(beginnings, null);
        }
        CallDescriptor.write(segment, number, flags, status, sequence, payloadBytes);
        if (message != null && length > 0) {
            try {
                CodedOutputStream out = CodedOutputStream.newInstance(array, CallDescriptor.BYTES, length);
                message.writeTo(out);
                out.checkNoSpaceLeft();
            } catch (IOException e) {
                throw new UncheckedIOException("a message changed while it was encoded", e);
            }
        }
        return beginning(bytes);
    }

    private MemorySegment beginning(int bytes) {
        if (bytes >= KEPT_BEGINNINGS) {
            return segment.asSlice(0, bytes);
        }
        MemorySegment kept = beginnings[bytes];
        if (kept == null) {
            kept = segment.asSlice(0, bytes);
            beginnings[bytes] = kept;
        }
        return kept;
    }
}
