package org.v4vgpu.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallHeader;
import org.v4vgpu.proto.ProtocolException;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;

/** Receives replies with a payload, which comes in as many messages as the server likes. Confined to the lane's thread. */
final class ReplyPayload {
    /** Checks that a message begins the reply to a call. */
    @FunctionalInterface
    interface First {
        CallHeader header(Call<?, ?> call, long sequence, IncomingMessage message) throws IOException;
    }

    private final MessageChannel channel;
    private final CallRecorder recorder;
    private final First first;

    ReplyPayload(MessageChannel channel, CallRecorder recorder, First first) {
        this.channel = channel;
        this.recorder = recorder;
        this.first = first;
    }

    /** Into memory of the length that was asked for. */
    Outcome into(Call<?, ?> call, long sequence, HostRows destination) throws IOException {
        long bytes = destination.totalBytes();
        long offset = 0;
        CallHeader header;
        Outcome outcome;
        try (IncomingMessage message = channel.receive()) {
            recorder.answered();
            header = first.header(call, sequence, message);
            outcome = Lane.outcome(header);
            if (header.status() != 0 && header.isLast()) {
                return outcome;
            }
            if (header.payloadBytes() != bytes) {
                throw new ProtocolException("reply to " + call + " announces " + header.payloadBytes()
                        + " bytes of payload where " + bytes + " were asked for");
            }
            offset += place(message, destination, offset);
            recorder.taken();
        }
        while (!header.isLast()) {
            try (IncomingMessage message = channel.receive()) {
                recorder.answered();
                header = continuation(call, message);
                offset += place(message, destination, offset);
                outcome = Lane.outcome(header);
                recorder.taken();
            }
        }
        if (header.status() == 0 && offset != bytes) {
            throw new ProtocolException("payload of " + call + " ended after " + offset + " of " + bytes + " bytes");
        }
        return outcome;
    }

    /** Of a length that the server chooses; the memory grows with what comes, not with what is announced. */
    <R extends MessageLite> Lane.PayloadReply<R> whole(Call<?, R> call, long sequence, int maximumBytes)
            throws IOException {
        ByteString.Output bytes = ByteString.newOutput();
        CallHeader header;
        Outcome outcome;
        R reply;
        long announced;
        try (IncomingMessage message = channel.receive()) {
            recorder.answered();
            header = first.header(call, sequence, message);
            outcome = Lane.outcome(header);
            reply = header.parse(call.replies());
            announced = header.payloadBytes();
            if (announced > maximumBytes) {
                throw new ProtocolException("a payload of " + announced + " bytes in the reply to " + call);
            }
            append(message, bytes, announced);
            recorder.taken();
        }
        while (!header.isLast()) {
            try (IncomingMessage message = channel.receive()) {
                recorder.answered();
                header = continuation(call, message);
                append(message, bytes, announced);
                recorder.taken();
            }
        }
        if (bytes.size() != announced) {
            throw new ProtocolException(
                    "payload of " + call + " ended after " + bytes.size() + " of " + announced + " bytes");
        }
        return new Lane.PayloadReply<>(outcome, reply, bytes.toByteString());
    }

    private static CallHeader continuation(Call<?, ?> call, IncomingMessage message) throws IOException {
        CallHeader header = CallHeader.decode(message.header());
        if (!header.isReply() || !header.isContinuation()) {
            throw new ProtocolException("message " + header.number() + " within the payload of " + call);
        }
        return header;
    }

    private static void append(IncomingMessage message, ByteString.Output bytes, long announced) throws IOException {
        int length = (int) message.payload().byteSize();
        if (length > announced - bytes.size()) {
            throw new ProtocolException("payload exceeds the " + announced + " bytes announced");
        }
        byte[] chunk = new byte[length];
        message.payload().copyTo(MemorySegment.ofArray(chunk), 0);
        bytes.write(chunk);
    }

    private static long place(IncomingMessage message, HostRows destination, long offset) throws IOException {
        long chunk = message.payload().byteSize();
        if (chunk > destination.totalBytes() - offset) {
            throw new ProtocolException("payload exceeds the " + destination.totalBytes() + " bytes asked for");
        }
        destination.copyFrom(message.payload(), offset);
        return chunk;
    }
}
