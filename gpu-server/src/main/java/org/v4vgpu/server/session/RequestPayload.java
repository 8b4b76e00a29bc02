package org.v4vgpu.server.session;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.proto.CallHeader;
import org.v4vgpu.proto.ProtocolException;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.Payload;

/**
 * The payload of the call that a lane executes: the bytes in its first message and in the continuations behind it. Confined to
 * the lane's thread; one object per lane, used again for each call.
 *
 * <p>The bytes lie in memory that the client can still write: they are moved, never judged. Each message is released when the
 * next one is asked for, or when a device has read it. What the handler leaves is drained by {@link #finish}.
 */
final class RequestPayload {
    private final Lane lane;
    private final MovingMessages moving = new MovingMessages();

    private @Nullable IncomingMessage message;
    private long totalBytes;
    private long receivedBytes;
    private boolean last;

    /** The number that the last message of several took; 0 if there is none or its turn has passed. */
    private long lastSequence;

    private boolean firstTaken;

    RequestPayload(Lane lane) {
        this.lane = lane;
    }

    /** Begins with a call's first message, which the lane releases. */
    void begin(CallHeader header, IncomingMessage first) throws ProtocolException {
        message = first;
        totalBytes = header.payloadBytes();
        receivedBytes = first.payload().byteSize();
        last = header.isLast();
        lastSequence = 0;
        firstTaken = false;
        checkLength();
    }

    /** Bytes over all messages. */
    long totalBytes() {
        return totalBytes;
    }

    /** The next chunk, in place, valid until the next call of a method; null at the end. */
    @Nullable
    Payload next() throws IOException {
        if (!firstTaken) {
            firstTaken = true;
            if (receivedBytes > 0 || last) {
                return receivedBytes > 0 ? current().payload() : null;
            }
        }
        if (last) {
            return null;
        }
        receive();
        return current().payload();
    }

    /** The message at hand stays until a device is through with its payload, however many others come meanwhile. */
    void releaseAfter(DeviceWork first, DeviceWork second) throws DeviceException {
        if (!first.await(0) || !second.await(0)) {
            moving.add(current(), timeoutNanos -> first.await(timeoutNanos) && second.await(timeoutNanos));
            message = null;
        }
    }

    /** Waits until the device is through with all. @throws DeviceException what went wrong with any of them */
    void awaitMoved() throws DeviceException {
        moving.await();
    }

    /** All bytes, copied to the heap. The array grows with what has come, not with what was announced. */
    MemorySegment gather() throws IOException {
        byte[] bytes = new byte[(int) receivedBytes];
        MemorySegment gathered = MemorySegment.ofArray(bytes);
        long length = 0;
        for (Payload chunk = next(); chunk != null; chunk = next()) {
            if (bytes.length < length + chunk.byteSize()) {
                bytes = Arrays.copyOf(bytes, (int)
                        Math.min(totalBytes, Math.max(2L * bytes.length, length + chunk.byteSize())));
                gathered = MemorySegment.ofArray(bytes);
            }
            chunk.copyTo(gathered, length);
            length += chunk.byteSize();
        }
        finish();
        return length == bytes.length ? gathered : gathered.asSlice(0, length);
    }

    /**
     * Receives and drops what is left, and takes the turn of the last message's number. Idempotent. Called when the call itself
     * is issued.
     */
    void finish() throws IOException {
        while (!last) {
            receive();
        }
        if (lastSequence != 0) {
            lane.enter(lastSequence);
            lane.leaveGate(lastSequence);
            lastSequence = 0;
        }
    }

    /** Releases the message at hand, and those that a device has read or whose copy is closed. Idempotent. */
    void release() {
        moving.release();
        releaseCurrent();
    }

    private void releaseCurrent() {
        if (message != null) {
            message.close();
            message = null;
        }
    }

    private void receive() throws IOException {
        lane.call().issued();
        releaseCurrent();
        moving.releaseUntil(lane::isReady);
        lane.recorder().executed();
        IncomingMessage next = lane.receive();
        lane.recorder().waited();
        message = next;
        CallHeader header = CallHeader.decode(next.header());
        if (!header.isContinuation() || header.isReply() || header.message().byteSize() > 0) {
            throw new ProtocolException("message " + header.number() + " within the payload of " + lane.call());
        }
        long bytes = next.payload().byteSize();
        if (bytes == 0 || header.payloadBytes() != totalBytes) {
            throw new ProtocolException("continuation of " + bytes + " bytes, announcing " + header.payloadBytes()
                    + ", within a payload of " + totalBytes + " bytes of " + lane.call());
        }
        receivedBytes += bytes;
        last = header.isLast();
        lastSequence = header.sequence();
        if (last == (lastSequence <= 0)) {
            throw new ProtocolException("continuation of " + lane.call() + " with the number " + lastSequence);
        }
        checkLength();
    }

    private void checkLength() throws ProtocolException {
        if (receivedBytes > totalBytes || last != (receivedBytes == totalBytes)) {
            throw new ProtocolException("payload of " + lane.call() + " has " + receivedBytes + " bytes"
                    + (last ? " at its end" : " and goes on") + ", announced were " + totalBytes);
        }
    }

    private IncomingMessage current() {
        IncomingMessage current = message;
        if (current == null) {
            throw new IllegalStateException("the payload was released");
        }
        return current;
    }
}
