package org.v4vgpu.server.session;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketTimeoutException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DevicePrintout;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallHeader;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.HelloReply;
import org.v4vgpu.proto.HelloRequest;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.ProtocolException;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.PeerLostException;
import org.v4vgpu.v4v.WindowPartner;

/**
 * One connection of a session and the thread that serves it: reads a call, executes it, writes the reply. Confined to that
 * thread, but for {@link #cut} and {@link #traffic}.
 */
final class Lane {
    private static final Logger LOG = System.getLogger(Lane.class.getName());

    /** A client that connects says Hello within this time. */
    private static final long HELLO_NANOS = 5_000_000_000L;

    private final Sessions sessions;
    private final CallDispatcher dispatcher;
    private final MessageChannel channel;
    private final Traffic traffic = new Traffic();
    private final CallRecorder recorder;
    private final ReplyWriter writer;
    private final LaneCall call;
    private final SequenceGate.Watch watch = this::checkPeer;

    private @Nullable Session session;
    private boolean leaving;

    /** Whether the lane waits for the client's next message. Written by the lane's thread alone, without fences. */
    private final AtomicBoolean receiving = new AtomicBoolean();

    /** A status and what there is to say of it. */
    private record Failure(CudaStatus status, String text) {}

    /** The first error of a one-way call that no waiting call has returned yet. */
    private @Nullable Failure lateError;

    /** What the client was told of and has not taken. */
    private DevicePrintout printout = DevicePrintout.NOTHING;

    /** What the log has of a broken context, which every later call meets again. */
    private String lastFault = "";

    Lane(Sessions sessions, CallDispatcher dispatcher, MessageChannel channel) {
        this.sessions = sessions;
        this.dispatcher = dispatcher;
        this.channel = channel;
        this.recorder = new CallRecorder(channel.peer());
        this.writer = new ReplyWriter(channel, traffic, recorder);
        this.call = new LaneCall(this);
    }

    /** Serves the lane until its end. Never throws. */
    void run() {
        String reason = "";
        try {
            if (greet()) {
                Thread.currentThread().setName("lane-" + session().id() + "-" + channel.peer());
                serve();
            }
        } catch (ProtocolException e) {
            reason = "protocol violation";
            LOG.log(Level.WARNING, "{0}: {1}; the connection is closed", channel.peer(), e.getMessage());
        } catch (EOFException | PeerLostException e) {
            reason = "the client is gone";
        } catch (IOException e) {
            reason = "the connection broke: " + e.getMessage();
        } catch (RuntimeException | Error e) {
            reason = "a failure of the server";
            if (session == null || !session().isEnding()) {
                LOG.log(Level.ERROR, channel.peer() + ": " + call + " failed", e);
            }
        }
        end(reason);
    }

    private void serve() throws IOException {
        try (RegisteredChannel _ = new RegisteredChannel(channel, sessions.devices())) {
            while (!leaving) {
                step();
            }
        } finally {
            call.payload().release();
        }
    }

    private void end(String reason) {
        call.payload().release();
        printout.close();
        channel.close();
        Session joined = session;
        if (joined == null) {
            return;
        }
        if (leaving && reason.isEmpty()) {
            joined.handles().contexts().forEach(context -> context.closeStreamOf(this));
            joined.leave(this);
        } else {
            joined.lose(this, reason);
        }
    }

    /** Closes the lane from another thread: what it waits for ends. */
    void cut() {
        channel.close();
    }

    Session session() {
        Session joined = session;
        if (joined == null) {
            throw new IllegalStateException("no Hello yet");
        }
        return joined;
    }

    Traffic traffic() {
        return traffic;
    }

    /** The client as somebody who shares memory, if the transport can do that. */
    Optional<WindowPartner> windowPartner() {
        return channel.windowPartner();
    }

    CallRecorder recorder() {
        return recorder;
    }

    ReplyWriter writer() {
        return writer;
    }

    LaneCall call() {
        return call;
    }

    boolean isReceiving() {
        return receiving.getOpaque();
    }

    // ---- the handshake

    /** Reads Hello and joins or opens the session. Returns false if the client has been turned away. */
    private boolean greet() throws IOException {
        HelloRequest hello;
        CallHeader header;
        try (IncomingMessage message = channel.receive(HELLO_NANOS)) {
            received(message);
            header = CallHeader.decode(message.header());
            if (header.number() != Call.HELLO.number()
                    || header.isReply()
                    || !header.waits()
                    || !header.isLast()
                    || header.payloadBytes() != 0
                    || message.payload().byteSize() != 0) {
                throw new ProtocolException("the first message is no Hello (number " + header.number() + ")");
            }
            hello = header.parse(Call.HELLO.requests());
        } catch (SocketTimeoutException e) {
            throw new ProtocolException("no Hello within " + HELLO_NANOS / 1_000_000_000L + " s", e);
        }
        HelloReply.Builder reply = HelloReply.newBuilder()
                .setProtocolVersion(Limits.PROTOCOL_VERSION)
                .setServer(SessionCalls.SERVER_NAME);
        CudaStatus status = welcome(hello, reply);
        writer.send(Call.HELLO.number(), 0, header.sequence(), status, reply.build());
        return status.isSuccess();
    }

    private CudaStatus welcome(HelloRequest hello, HelloReply.Builder reply) {
        if (hello.getProtocolVersion() != Limits.PROTOCOL_VERSION) {
            return turnAway(
                    CudaStatus.NOT_SUPPORTED,
                    "the client speaks protocol " + Integer.toUnsignedString(hello.getProtocolVersion())
                            + ", this server " + Limits.PROTOCOL_VERSION);
        }
        ByteString secret = hello.getSecret();
        Session candidate = secret.isEmpty() ? sessions.open(hello.getClient(), channel.peer()) : sessions.find(secret);
        if (candidate == null) {
            return secret.isEmpty()
                    ? turnAway(
                            CudaStatus.DEVICE_UNAVAILABLE,
                            "no further session: " + sessions.limits().sessions() + " is the maximum")
                    : turnAway(CudaStatus.NOT_PERMITTED, "wrong secret");
        }
        if (!candidate.join(this)) {
            return turnAway(
                    CudaStatus.DEVICE_UNAVAILABLE,
                    "no further lane in session " + candidate.id() + ": "
                            + sessions.limits().lanes() + " is the maximum");
        }
        session = candidate;
        reply.setSession(candidate.id()).setMaximumLanes(sessions.limits().lanes());
        if (secret.isEmpty()) {
            reply.setSecret(candidate.secret());
        }
        return CudaStatus.SUCCESS;
    }

    private CudaStatus turnAway(CudaStatus status, String reason) {
        LOG.log(Level.WARNING, "{0} turned away: {1}", channel.peer(), reason);
        return status;
    }

    // ---- calls

    private void step() throws IOException {
        try (IncomingMessage message = receive()) {
            CallHeader header = CallHeader.decode(message.header());
            recorder.begin(header);
            if (header.isReply() || header.isContinuation() || header.sequence() <= 0) {
                throw new ProtocolException("message " + header.number() + " with flags 0x"
                        + Integer.toHexString(header.flags()) + " and number in sequence " + header.sequence()
                        + " is no call");
            }
            call.begin(header.number(), header.sequence());
            CallDispatcher.Row<?, ?> row = dispatcher.row(header.number());
            call.payload().begin(header, message);
            if (row == null) {
                reject(header);
            } else {
                execute(row, header);
            }
            call.payload().release();
        }
    }

    private <Q extends MessageLite, R extends MessageLite> void execute(CallDispatcher.Row<Q, R> row, CallHeader header)
            throws IOException {
        boolean waits = header.waits();
        if (!waits && !row.call().oneWay()) {
            throw new ProtocolException(call + " without a reply");
        }
        if (header.payloadBytes() > row.maximumPayloadBytes() && row.maximumPayloadBytes() == 0) {
            throw new ProtocolException(call + " with a payload of " + header.payloadBytes() + " bytes");
        }
        Q request = header.parse(row.call().requests());
        traffic.called();
        enter(header.sequence());
        recorder.decoded();
        Failure late = waits ? takeLateError() : null;
        CudaStatus status;
        String text = "";
        R reply = null;
        if (late != null && !row.call().releases()) {
            status = late.status;
            text = late.text;
        } else {
            try {
                if (header.payloadBytes() > row.maximumPayloadBytes()) {
                    throw new DeviceException(
                            CudaStatus.INVALID_VALUE, "a payload of " + header.payloadBytes() + " bytes is too long");
                }
                reply = row.handler().handle(call, request);
                status = call.status();
            } catch (DeviceException e) {
                status = e.status();
                text = String.valueOf(e.getMessage());
                log(e);
            }
        }
        if (late != null && status.isSuccess()) {
            status = late.status;
            text = late.text;
        }
        recorder.executed();
        finish(waits, status, text, reply);
    }

    /** A call that this server does not know. */
    private void reject(CallHeader header) throws IOException {
        LOG.log(Level.WARNING, "{0}: call number {1} is not supported", channel.peer(), header.number());
        traffic.called();
        enter(header.sequence());
        finish(
                header.waits(),
                CudaStatus.NOT_SUPPORTED,
                "call number " + header.number() + " is not supported by this server",
                null);
    }

    private void finish(boolean waits, CudaStatus status, String text, @Nullable MessageLite reply) throws IOException {
        call.issued();
        call.payload().finish();
        if (waits) {
            if (!call.hasReplied()) {
                call.reply(status, text, reply);
                recorder.replied(0);
            }
        } else if (!status.isSuccess() && !status.isFatal() && lateError == null) {
            lateError = new Failure(
                    status, "an earlier " + call.name() + " failed: " + text); // a fatal one stays with its context
        }
        recorder.end(call, status.code());
    }

    private @Nullable Failure takeLateError() {
        Failure late = lateError;
        if (late != null) {
            lateError = null;
        }
        return late;
    }

    private void log(DeviceException e) {
        String message = String.valueOf(e.getMessage());
        Level level = Level.DEBUG;
        if (e.status().code() == CudaStatus.NOT_SUPPORTED.code()) {
            level = Level.INFO;
        } else if (e.status().isFatal() && !message.equals(lastFault)) {
            lastFault = message;
            level = Level.WARNING;
        }
        if (LOG.isLoggable(level)) {
            LOG.log(level, "{0}: {1}: {2}: {3}", channel.peer(), call, e.status(), message);
        }
    }

    // ---- steps of calls

    IncomingMessage receive() throws IOException {
        receiving.setOpaque(true);
        IncomingMessage message = channel.receive();
        receiving.setOpaque(false);
        received(message);
        return message;
    }

    /** Whether {@link #receive} would end at once, as far as the channel can tell. */
    boolean isReady() throws IOException {
        return channel.isReady();
    }

    private void received(IncomingMessage message) {
        traffic.received(message.header().byteSize() + message.payload().byteSize());
    }

    void enter(long sequence) throws IOException {
        session().gate().enter(sequence, watch);
    }

    void leaveGate(long sequence) {
        session().gate().leave(sequence);
    }

    /** @throws IOException if the client is gone or the session ends */
    void checkPeer() throws IOException {
        if (session().isEnding()) {
            throw new IOException("the session has ended");
        }
        if (!channel.isPeerAlive()) {
            throw new PeerLostException(channel.peer() + " is gone");
        }
    }

    /** Keeps what kernels have printed until the client takes it. Returns false if that is nothing. */
    boolean keep(DevicePrintout printed) {
        if (printed.isEmpty()) {
            printed.close();
            return false;
        }
        printout.close();
        printout = printed;
        return true;
    }

    /** What the client takes next of what kernels have printed. */
    DevicePrintout printout() {
        return printout;
    }

    /** The lane ends in order after this call. */
    void leave() {
        leaving = true;
    }

    String nameOf(int number) {
        CallDispatcher.Row<?, ?> row = dispatcher.row(number);
        return row == null ? "call " + number : row.call().name();
    }
}
