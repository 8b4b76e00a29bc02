package org.v4vgpu.client;

import com.google.protobuf.MessageLite;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.MemcpyWindowRequest;

/**
 * Writes a lane's calls into Flight Recorder, with the times of their stages; does nothing while no recording asks for that. Confined to
 * whoever has the lane, one call after the other. A call that ends by an exception is not written.
 */
final class CallRecorder {
    // To be asked whether they are enabled; never committed.
    private static final RemoteCallEvent CALLS = new RemoteCallEvent();
    private static final RemoteCopyEvent COPIES = new RemoteCopyEvent();

    private final String address;

    /** The present call's; null while nothing is recorded. */
    private @Nullable RemoteCallEvent event;

    private long lapNanos;

    /** For calls to that server. */
    CallRecorder(String address) {
        this.address = address;
    }

    /** A call begins. */
    void begin(Call<?, ?> call, MessageLite request, long bytesToSend, long bytesToReceive) {
        boolean copies = Call.isCopy(call.number());
        if (copies ? COPIES.isEnabled() : CALLS.isEnabled()) {
            RemoteCallEvent opened = copies ? new RemoteCopyEvent() : new RemoteCallEvent();
            opened.bytesSent = bytesToSend;
            opened.bytesReceived = bytesToReceive;
            if (request instanceof MemcpyWindowRequest rows) {
                long bytes = rows.getBytes() * (rows.getFurtherRows() + 1);
                opened.bytesSent = rows.getToHost() ? 0 : bytes;
                opened.bytesReceived = rows.getToHost() ? bytes : 0;
            }
            open(opened, call);
        } else {
            event = null;
        }
    }

    private void open(RemoteCallEvent opened, Call<?, ?> call) {
        opened.call = call.name();
        opened.address = address;
        event = opened;
        opened.begin();
        lapNanos = System.nanoTime();
        opened.beganNanos = lapNanos;
    }

    void encoded() {
        RemoteCallEvent current = event;
        if (current != null) {
            current.encodeNanos += lap();
        }
    }

    void sent() {
        RemoteCallEvent current = event;
        if (current != null) {
            current.sendNanos += lap();
        }
    }

    void answered() {
        RemoteCallEvent current = event;
        if (current != null) {
            current.waitNanos += lap();
        }
    }

    /** A payload whose length the server chose. */
    void received(long bytes) {
        RemoteCallEvent current = event;
        if (current != null) {
            current.bytesReceived = bytes;
        }
    }

    void taken() {
        RemoteCallEvent current = event;
        if (current != null) {
            current.takeNanos += lap();
        }
    }

    private long lap() {
        long now = System.nanoTime();
        long nanos = now - lapNanos;
        lapNanos = now;
        return nanos;
    }

    /** The call is over, or sent if it does not wait. */
    void end(long sequence, int status, boolean waited) {
        RemoteCallEvent current = event;
        if (current != null) {
            event = null;
            current.end();
            current.sequence = sequence;
            current.status = status;
            current.waited = waited;
            current.commit();
        }
    }
}
