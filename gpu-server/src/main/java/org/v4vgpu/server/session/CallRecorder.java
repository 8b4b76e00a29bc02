package org.v4vgpu.server.session;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallHeader;

/**
 * Writes a lane's calls into Flight Recorder, with the times of their stages; does nothing while no recording asks for that. Confined to
 * the lane's thread, one call after the other. A call that ends the lane is not written.
 */
final class CallRecorder {
    // To be asked whether they are enabled; never committed.
    private static final ServedCallEvent CALLS = new ServedCallEvent();
    private static final ServedCopyEvent COPIES = new ServedCopyEvent();

    private final String address;

    /** The present call's; null while nothing is recorded. */
    private @Nullable ServedCallEvent event;

    private long lapNanos;

    /** For calls of that client. */
    CallRecorder(String address) {
        this.address = address;
    }

    /** A call's first message is there. */
    void begin(CallHeader header) {
        boolean copies = Call.isCopy(header.number());
        if (copies ? COPIES.isEnabled() : CALLS.isEnabled()) {
            open(copies ? new ServedCopyEvent() : new ServedCallEvent(), header);
        } else {
            event = null;
        }
    }

    private void open(ServedCallEvent opened, CallHeader header) {
        opened.address = address;
        opened.sequence = header.sequence();
        opened.bytesReceived = header.payloadBytes();
        event = opened;
        opened.begin();
        lapNanos = System.nanoTime();
        opened.beganNanos = lapNanos;
    }

    void decoded() {
        ServedCallEvent current = event;
        if (current != null) {
            current.decodeNanos += lap();
        }
    }

    /** So many bytes are copied from or to memory that the client shares; no message carries them. */
    void shared(long bytes, boolean toHost) {
        ServedCallEvent current = event;
        if (current != null) {
            current.bytesReceived = toHost ? 0 : bytes;
            current.bytesSent = toHost ? bytes : 0;
        }
    }

    void executed() {
        ServedCallEvent current = event;
        if (current != null) {
            current.executeNanos += lap();
        }
    }

    void waited() {
        ServedCallEvent current = event;
        if (current != null) {
            current.waitNanos += lap();
        }
    }

    /** A reply has been sent, or a part of it with so many bytes of payload. */
    void replied(long payloadBytes) {
        ServedCallEvent current = event;
        if (current != null) {
            current.replyNanos += lap();
            current.bytesSent += payloadBytes;
        }
    }

    private long lap() {
        long now = System.nanoTime();
        long nanos = now - lapNanos;
        lapNanos = now;
        return nanos;
    }

    /** The call is over. */
    void end(LaneCall call, int status) {
        ServedCallEvent current = event;
        if (current != null) {
            event = null;
            current.end();
            current.call = call.name();
            current.session = call.session().id();
            current.status = status;
            current.commit();
        }
    }
}
