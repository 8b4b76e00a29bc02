package org.v4vgpu.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CallEncoder;
import org.v4vgpu.proto.CallHeader;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.GoodbyeRequest;
import org.v4vgpu.proto.PrintfReadReply;
import org.v4vgpu.proto.PrintfReadRequest;
import org.v4vgpu.proto.ProtocolException;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.OutgoingMessage;
import org.v4vgpu.v4v.WindowPartner;

/**
 * One connection of a session: writes calls, reads replies. Confined to the thread that owns it; a {@linkplain #isShared()
 * shared} lane is for any thread, which holds its lock for the length of one call.
 *
 * <p>Whatever goes wrong after a call has its number ends the session (decision "a lane per calling thread"): the server would
 * wait for that number for ever. So everything that can fail for the caller's own fault is checked before.
 */
final class Lane {
    private static final Logger LOG = System.getLogger(Lane.class.getName());

    /** How long a thread rests between two queries on a shared lane, where it must not sit in a waiting call. */
    private static final long QUERY_INTERVAL_NANOS = 50_000;

    /** A wait of a channel that lasts no longer does not sleep, unless the process has said that its waits sleep at once. */
    private static final long SPUN_NANOS = 300_000;

    private static final MemorySegment NO_PAYLOAD = MemorySegment.NULL;

    private final GpuSession session;
    private final MessageChannel channel;
    private final CallEncoder encoder = new CallEncoder();
    private final int chunkBytes;
    private final @Nullable ReentrantLock lock;
    private final CallRecorder recorder;
    private final ReplyPayload payloads;

    /** Whether something was sent since the last reply: the server may not have read it, and there may be no space for more. */
    private boolean unread;

    /** Whether the last reply said that kernels have printed something. */
    private boolean printed;

    Lane(GpuSession session, MessageChannel channel, boolean shared) {
        this.session = session;
        this.channel = channel;
        this.chunkBytes = channel.maximumPayloadBytes();
        this.lock = shared ? new ReentrantLock() : null;
        this.recorder = new CallRecorder(session.address().toString());
        this.payloads = new ReplyPayload(channel, recorder, this::header);
    }

    /** Whether one-way calls were sent since the last reply. By the owner, or once the owner has ended. */
    boolean hasUnread() {
        return unread;
    }

    boolean isShared() {
        return lock != null;
    }

    /** The server as somebody to share memory with, if the transport can do that. */
    Optional<WindowPartner> windowPartner() {
        return channel.windowPartner();
    }

    // ---- verbs

    /** Calls and waits. @throws CudaException if the status is not success */
    <Q extends MessageLite, R extends MessageLite> R call(Call<Q, R> call, Q request) {
        return call(call, request, NO_PAYLOAD);
    }

    /** Calls with a payload and waits. @throws CudaException if the status is not success */
    <Q extends MessageLite, R extends MessageLite> R call(Call<Q, R> call, Q request, MemorySegment payload) {
        Reply<R> reply = exchange(call, request, payload);
        reply.outcome().orThrow(call.name());
        return reply.message();
    }

    /** Calls with a payload and waits; the reply's message has a meaning whatever its status. */
    <Q extends MessageLite, R extends MessageLite> Reply<R> exchange(
            Call<Q, R> call, Q request, MemorySegment payload) {
        acquire();
        try {
            Reply<R> reply = receive(call, publish(call, CallDescriptor.WAITS, request, payload));
            takeOutput();
            return reply;
        } finally {
            release();
        }
    }

    /** As {@link #exchange(Call, MessageLite, MemorySegment)}, with a payload of the reply whose length the server chooses. */
    <Q extends MessageLite, R extends MessageLite> PayloadReply<R> exchange(
            Call<Q, R> call, Q request, MemorySegment payload, int maximumBytes) {
        acquire();
        try {
            long sequence = publish(call, CallDescriptor.WAITS, request, payload);
            try {
                PayloadReply<R> reply = payloads.whole(call, sequence, maximumBytes);
                recorder.received(reply.payload().size());
                recorder.end(sequence, reply.outcome().status().code(), true);
                return reply;
            } catch (IOException | RuntimeException e) {
                throw session.fail(e);
            }
        } finally {
            release();
        }
    }

    /** Calls, waits and tells how it went alone; the message of the reply is not looked at. */
    <Q extends MessageLite> Outcome outcome(Call<Q, ?> call, Q request) {
        return outcome(call, request, 0);
    }

    /** As {@link #outcome(Call, MessageLite)}, of a call that may well take so long: the wait for it does not fall asleep before. */
    <Q extends MessageLite> Outcome outcome(Call<Q, ?> call, Q request, long expectedNanos) {
        acquire();
        try {
            long sequence = publish(call, CallDescriptor.WAITS, request, NO_PAYLOAD);
            Outcome outcome;
            try (IncomingMessage message = receive(expectedNanos)) {
                recorder.answered();
                CallHeader header = header(call, sequence, message);
                outcome = outcome(header);
                recorder.taken();
                recorder.end(sequence, header.status(), true);
            } catch (IOException | RuntimeException e) {
                throw session.fail(e);
            }
            takeOutput();
            return outcome;
        } finally {
            release();
        }
    }

    /** Sends without waiting. In blocking mode it waits, and throws what it is told. */
    <Q extends MessageLite> void post(Call<Q, ?> call, Q request, MemorySegment payload) {
        if (session.isBlocking()) {
            call(call, request, payload);
            return;
        }
        acquire();
        try {
            recorder.end(publish(call, 0, request, payload), 0, false);
        } finally {
            release();
        }
    }

    <Q extends MessageLite> void post(Call<Q, ?> call, Q request) {
        post(call, request, NO_PAYLOAD);
    }

    /** Sends rows as one payload, without waiting; or waits, as in blocking mode, and throws what it is told. */
    <Q extends MessageLite, R extends MessageLite> void send(Call<Q, R> call, Q request, HostRows rows, boolean waits) {
        boolean untilDone = waits || session.isBlocking();
        acquire();
        try {
            long sequence = publishRows(call, untilDone ? CallDescriptor.WAITS : 0, request, rows);
            if (untilDone) {
                Reply<R> reply = receive(call, sequence);
                takeOutput();
                reply.outcome().orThrow(call.name());
            } else {
                recorder.end(sequence, 0, false);
            }
        } finally {
            release();
        }
    }

    /** Calls and waits for the reply's payload, which fills {@code destination}. */
    <Q extends MessageLite> void read(Call<Q, ?> call, Q request, MemorySegment destination) {
        read(call, request, HostRows.single(destination));
    }

    /** As {@link #read(Call, MessageLite, MemorySegment)}, into rows. */
    <Q extends MessageLite> void read(Call<Q, ?> call, Q request, HostRows destination) {
        requireAccess(destination.memory());
        acquire();
        try {
            long sequence = publish(call, CallDescriptor.WAITS, request, NO_PAYLOAD, destination.totalBytes());
            Outcome outcome;
            try {
                outcome = payloads.into(call, sequence, destination);
                recorder.end(sequence, outcome.status().code(), true);
            } catch (IOException | RuntimeException e) {
                throw session.fail(e);
            }
            takeOutput();
            outcome.orThrow(call.name());
        } finally {
            release();
        }
    }

    /**
     * Waits for something that a query can tell as well. A lane of one's own sits in the waiting call; on a shared lane, where
     * that would stop the others, the query is repeated until it says something else than not ready.
     */
    <Q extends MessageLite, S extends MessageLite> Outcome await(
            Call<Q, ?> waiting, Q request, Call<S, ?> query, S queryRequest) {
        return isShared() ? poll(query, queryRequest) : outcome(waiting, request);
    }

    /** Repeats a query until it says something else than not ready. */
    <S extends MessageLite> Outcome poll(Call<S, ?> query, S request) {
        while (true) {
            Outcome outcome = outcome(query, request);
            if (!outcome.isNotReady()) {
                return outcome;
            }
            restBetweenQueries();
        }
    }

    /** Waits a little before the next query. Without the lock. */
    static void restBetweenQueries() {
        LockSupport.parkNanos(QUERY_INTERVAL_NANOS);
    }

    /** Says goodbye, unless the session is gone already, and closes the connection. By the owner, or once the owner has ended. */
    void leave() {
        try {
            if (session.isOpen()) {
                Outcome outcome = outcome(Call.GOODBYE, GoodbyeRequest.getDefaultInstance());
                if (!outcome.isSuccess()) {
                    LOG.log(
                            Level.WARNING,
                            "a call of a thread that has ended failed: {0}: {1}",
                            outcome.status(),
                            outcome.text());
                }
            }
        } catch (CudaException e) {
            // The session failed, which has been logged, and there is nothing left to leave.
        } finally {
            channel.close();
        }
    }

    /** Cuts the connection, which ends what a thread waits for on it. Safe for any thread. */
    void cut() {
        channel.close();
    }

    /** The next piece of what kernels have printed; nothing if the session is lost. */
    PrintfReadReply takePrinted() {
        try {
            Reply<PrintfReadReply> reply = receive(
                    Call.PRINTF_READ,
                    publish(
                            Call.PRINTF_READ,
                            CallDescriptor.WAITS,
                            PrintfReadRequest.getDefaultInstance(),
                            NO_PAYLOAD));
            return reply.message();
        } catch (CudaException e) {
            return PrintfReadReply.getDefaultInstance();
        }
    }

    // ---- steps

    private void takeOutput() {
        if (printed) {
            session.output().takeFrom(this);
            printed = false;
        }
    }

    /**
     * Receives a message that may well take so long. A channel's wait spins for a while and then sleeps; one that is cut short before that,
     * and begun again, goes on spinning.
     */
    private IncomingMessage receive(long expectedNanos) throws IOException {
        long begin = expectedNanos > 0 ? System.nanoTime() : 0;
        for (long left = expectedNanos; left > 0; left = expectedNanos - (System.nanoTime() - begin)) {
            try {
                return channel.receive(Math.min(left, SPUN_NANOS));
            } catch (SocketTimeoutException e) {
                // Not yet.
            }
        }
        return channel.receive();
    }

    private <R extends MessageLite> Reply<R> receive(Call<?, R> call, long sequence) {
        try (IncomingMessage message = channel.receive()) {
            recorder.answered();
            CallHeader header = header(call, sequence, message);
            Reply<R> reply = new Reply<>(outcome(header), header.parse(call.replies()));
            recorder.taken();
            recorder.end(sequence, header.status(), true);
            return reply;
        } catch (IOException | RuntimeException e) {
            throw session.fail(e);
        }
    }

    private long publish(Call<?, ?> call, int flags, MessageLite request, MemorySegment payload) {
        return publish(call, flags, request, payload, 0);
    }

    private long publish(Call<?, ?> call, int flags, MessageLite request, MemorySegment payload, long bytesToReceive) {
        session.ensureOpen();
        requireAccess(payload);
        long bytes = payload.byteSize();
        recorder.begin(call, request, bytes, bytesToReceive);
        try {
            if (bytes > chunkBytes) {
                return publishChunks(call, flags, request, payload);
            }
            return send(encoder.request(call, flags | CallDescriptor.LAST, 0, bytes, request), payload);
        } catch (IOException | RuntimeException e) {
            throw session.fail(e);
        } catch (Error e) {
            session.fail(e);
            throw e;
        }
    }

    /** One number for the first chunk and one for the last, so that what comes between blocks nobody beside it. */
    private long publishChunks(Call<?, ?> call, int flags, MessageLite request, MemorySegment payload)
            throws IOException {
        long bytes = payload.byteSize();
        long sequence = send(encoder.request(call, flags, 0, bytes, request), payload.asSlice(0, chunkBytes));
        long offset = chunkBytes;
        for (; bytes - offset > chunkBytes; offset += chunkBytes) {
            channel.send(encoder.continuation(flags, 0, bytes), payload.asSlice(offset, chunkBytes));
            recorder.sent();
        }
        send(encoder.continuation(flags | CallDescriptor.LAST, 0, bytes), payload.asSlice(offset));
        return sequence;
    }

    /** As {@link #publishChunks}; the rows are put together where the message is. */
    private long publishRows(Call<?, ?> call, int flags, MessageLite request, HostRows rows) {
        session.ensureOpen();
        requireAccess(rows.memory());
        long bytes = rows.totalBytes();
        recorder.begin(call, request, bytes, 0);
        try {
            long sequence = 0;
            for (long offset = 0; offset < bytes; offset += chunkBytes) {
                int length = (int) Math.min(chunkBytes, bytes - offset);
                boolean first = offset == 0;
                boolean last = offset + length == bytes;
                int more = last ? flags | CallDescriptor.LAST : flags;
                MemorySegment header =
                        first ? encoder.request(call, more, 0, bytes, request) : encoder.continuation(more, 0, bytes);
                recorder.encoded();
                try (OutgoingMessage out = channel.claim((int) header.byteSize(), length)) {
                    rows.copyTo(out.payload(), offset);
                    if (first || last) {
                        long number = session.nextSequence();
                        CallDescriptor.sequence(header, number);
                        sequence = first ? number : sequence;
                    }
                    unread = true;
                    out.commit(header);
                    recorder.sent();
                }
            }
            return sequence;
        } catch (IOException | RuntimeException e) {
            throw session.fail(e);
        } catch (Error e) {
            session.fail(e);
            throw e;
        }
    }

    /**
     * Sends a message under the session's next number. Where there may be no space for it, the space comes first and then the
     * number: one that is taken and not published holds up every other lane.
     */
    private long send(MemorySegment header, MemorySegment payload) throws IOException {
        recorder.encoded();
        if (!unread) {
            unread = true;
            long sequence = session.nextSequence();
            CallDescriptor.sequence(header, sequence);
            channel.send(header, payload);
            recorder.sent();
            return sequence;
        }
        try (OutgoingMessage out = channel.claim((int) header.byteSize(), (int) payload.byteSize())) {
            if (payload.byteSize() > 0) {
                out.payload().copyFrom(payload, 0);
            }
            long sequence = session.nextSequence();
            CallDescriptor.sequence(header, sequence);
            out.commit(header);
            recorder.sent();
            return sequence;
        }
    }

    private CallHeader header(Call<?, ?> call, long sequence, IncomingMessage message) throws IOException {
        CallHeader header = CallHeader.decode(message.header());
        if (!header.isReply() || header.number() != call.number() || header.sequence() != sequence) {
            throw new ProtocolException("message " + header.number() + "/" + header.sequence() + " is no reply to "
                    + call + " (" + call.number() + "/" + sequence + ")");
        }
        unread = false;
        printed = header.isPrinted();
        return header;
    }

    static Outcome outcome(CallHeader header) throws ProtocolException {
        return header.status() == 0
                ? Outcome.SUCCESS
                : new Outcome(new CudaStatus(header.status()), header.errorText());
    }

    /** A segment whose arena is closed, or that belongs to another thread, is the caller's fault and must not cost the session. */
    private static void requireAccess(MemorySegment segment) {
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException("the memory segment's arena is closed");
        }
        if (!segment.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException("the memory segment belongs to another thread");
        }
    }

    private void acquire() {
        if (lock != null) {
            lock.lock();
        }
    }

    private void release() {
        if (lock != null) {
            lock.unlock();
        }
    }

    /** What is worth saying of an exception, on one line. */
    static String describe(Throwable cause) {
        if (cause instanceof EOFException) {
            return "the server closed the connection";
        }
        String message = cause.getMessage();
        return cause instanceof IOException && message != null ? message : cause.toString();
    }

    /** How a call ended, the reply's message and its payload. */
    record PayloadReply<R>(Outcome outcome, R message, ByteString payload) {}

    /** How a call ended, and the reply's message. */
    record Reply<R>(Outcome outcome, R message) {
        CudaStatus status() {
            return outcome.status();
        }
    }
}
