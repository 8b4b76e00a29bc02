package org.v4vgpu.server.session;

import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceWork;
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

    /** Claimed, and not sent yet. */
    private final ArrayDeque<OpenChunk> open = new ArrayDeque<>();

    /** A message that a device fills. */
    private static final class OpenChunk {
        private final OutgoingMessage out;
        private final int bytes;
        private final DeviceCopy copy;
        private final long offset;
        private DeviceWork moved = DeviceWork.DONE;

        private OpenChunk(OutgoingMessage out, int bytes, DeviceCopy copy, long offset) {
            this.out = out;
            this.bytes = bytes;
            this.copy = copy;
            this.offset = offset;
        }

        private void begin() throws DeviceException {
            MemorySegment first = out.payload().first();
            MemorySegment second = out.payload().second();
            DeviceWork begun = copy.begin(offset, first);
            if (second.byteSize() == 0) {
                moved = begun;
            } else {
                DeviceWork rest = copy.begin(offset + first.byteSize(), second);
                moved = timeoutNanos -> begun.await(timeoutNanos) && rest.await(timeoutNanos);
            }
        }
    }

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
        long begun = 0;
        long sent = 0;
        try {
            while (sent < bytes) {
                recorder.executed();
                begun = begin(copy, begun, bytes);
                OpenChunk chunk = open.element();
                boolean _ = chunk.moved.await(Long.MAX_VALUE);
                boolean last = sent + chunk.bytes == bytes;
                recorder.executed();
                if (last) {
                    copy.close(); // the client may ask at once whether the stream is idle
                }
                chunk.out.commit(header(number, sent == 0 ? flags : 0, sequence, sent == 0, last, bytes));
                open.remove();
                recorder.replied(chunk.bytes);
                traffic.sent(CallDescriptor.BYTES + chunk.bytes);
                sent += chunk.bytes;
            }
            return CudaStatus.SUCCESS;
        } catch (DeviceException e) {
            copy.close(); // no DMA writes what was claimed
            giveBack();
            if (sent == 0) {
                throw e;
            }
            MemorySegment end = encoder.error(
                    CallDescriptor.CONTINUATION, e.status(), sequence, bytes, String.valueOf(e.getMessage()));
            channel.send(end);
            traffic.sent(end.byteSize());
            return e.status();
        } finally {
            copy.close();
            giveBack();
        }
    }

    /**
     * Begins the next chunk, and further ones while the device moves those before and the channel has room for them at once. Returns how far
     * it has come.
     */
    private long begin(DeviceCopy copy, long from, long bytes) throws IOException, DeviceException {
        long begun = from;
        while (begun < bytes) {
            int length = (int) Math.min(chunkBytes, bytes - begun);
            OutgoingMessage out = open.isEmpty()
                    ? channel.claim(CallDescriptor.BYTES, length)
                    : channel.claimFurther(CallDescriptor.BYTES, length);
            if (out == null) {
                return begun;
            }
            recorder.waited();
            OpenChunk chunk = new OpenChunk(out, length, copy, begun);
            open.add(chunk);
            chunk.begin();
            begun += length;
            if (open.element().moved.await(0)) {
                return begun;
            }
        }
        return begun;
    }

    /** Claims that come to nothing, the newest first. */
    private void giveBack() {
        OpenChunk chunk;
        while ((chunk = open.pollLast()) != null) {
            chunk.out.close();
        }
    }

    private MemorySegment header(int number, int more, long sequence, boolean first, boolean last, long bytes) {
        int flags = more | (last ? CallDescriptor.LAST : 0);
        return first
                ? encoder.reply(number, flags, CudaStatus.SUCCESS, sequence, bytes, null)
                : encoder.replyContinuation(flags, CudaStatus.SUCCESS, sequence, bytes);
    }
}
