package org.v4vgpu.server.session;

import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CallEncoder;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.OutgoingMessage;

/** Writes a lane's replies. Confined to the lane's thread. */
final class ReplyWriter {
    /** The largest protobuf message of a reply. */
    static final int MAXIMUM_MESSAGE_BYTES = Limits.MAXIMUM_HEADER_BYTES - CallDescriptor.BYTES;

    private final MessageChannel channel;
    private final Traffic traffic;
    private final CallRecorder recorder;
    private final CallEncoder encoder = new CallEncoder();
    private final int chunkBytes;

    ReplyWriter(MessageChannel channel, Traffic traffic, CallRecorder recorder) {
        this.channel = channel;
        this.traffic = traffic;
        this.recorder = recorder;
        this.chunkBytes = channel.maximumPayloadBytes();
    }

    /**
     * Sends a reply without a payload.
     *
     * @param flags beside those that every reply has
     */
    void send(int number, int flags, long sequence, CudaStatus status, @Nullable MessageLite reply) throws IOException {
        MemorySegment header = encoder.reply(number, flags | CallDescriptor.LAST, status, sequence, 0, reply);
        channel.send(header);
        traffic.sent(header.byteSize());
    }

    /** Sends a successful reply with a payload, in as many messages as it takes. */
    void send(int number, long sequence, MessageLite reply, MemorySegment payload) throws IOException {
        long bytes = payload.byteSize();
        long offset = 0;
        recorder.executed();
        do {
            long length = Math.min(chunkBytes, bytes - offset);
            int flags = offset + length == bytes ? CallDescriptor.LAST : 0;
            MemorySegment header = offset == 0
                    ? encoder.reply(number, flags, CudaStatus.SUCCESS, sequence, bytes, reply)
                    : encoder.replyContinuation(flags, CudaStatus.SUCCESS, sequence, bytes);
            channel.send(header, payload.asSlice(offset, length));
            recorder.replied(length);
            traffic.sent(header.byteSize() + length);
            offset += length;
        } while (offset < bytes);
    }

    /** Sends what went wrong in the place of a reply. */
    void sendError(int number, int flags, long sequence, CudaStatus status, String text) throws IOException {
        MemorySegment header = encoder.error(number, flags, status, sequence, 0, text);
        channel.send(header);
        traffic.sent(header.byteSize());
    }

    /**
     * Sends an empty reply whose payload the device writes straight into the channel, and closes the copy. If the device fails
     * after the first chunk, a last message without payload carries the status and what went wrong, and the payload stays short.
     *
     * @throws DeviceException if the device fails at the first chunk; nothing has been sent then
     */
    CudaStatus stream(int number, int flags, long sequence, DeviceCopy copy, long bytes)
            throws IOException, DeviceException {
        long offset = 0;
        while (offset < bytes) {
            int length = (int) Math.min(chunkBytes, bytes - offset);
            boolean last = offset + length == bytes;
            recorder.executed();
            try (OutgoingMessage out = channel.claim(CallDescriptor.BYTES, length)) {
                recorder.waited();
                transfer(copy, offset, out);
                recorder.executed();
                if (last) {
                    copy.close(); // the client may ask at once whether the stream is idle
                }
                out.commit(header(number, offset == 0 ? flags : 0, sequence, offset == 0, last, bytes));
            } catch (DeviceException e) {
                if (offset == 0) {
                    throw e;
                }
                copy.close();
                MemorySegment end = encoder.error(
                        CallDescriptor.CONTINUATION, e.status(), sequence, bytes, String.valueOf(e.getMessage()));
                channel.send(end);
                traffic.sent(end.byteSize());
                return e.status();
            }
            recorder.replied(length);
            traffic.sent(CallDescriptor.BYTES + length);
            offset += length;
        }
        return CudaStatus.SUCCESS;
    }

    private static void transfer(DeviceCopy copy, long offset, OutgoingMessage out) throws DeviceException {
        MemorySegment first = out.payload().first();
        MemorySegment second = out.payload().second();
        copy.transfer(offset, first);
        if (second.byteSize() > 0) {
            copy.transfer(offset + first.byteSize(), second);
        }
    }

    private MemorySegment header(int number, int more, long sequence, boolean first, boolean last, long bytes) {
        int flags = more | (last ? CallDescriptor.LAST : 0);
        return first
                ? encoder.reply(number, flags, CudaStatus.SUCCESS, sequence, bytes, null)
                : encoder.replyContinuation(flags, CudaStatus.SUCCESS, sequence, bytes);
    }
}
