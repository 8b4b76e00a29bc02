package org.v4vgpu.server.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CodingErrorAction;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.nvrtc.CompileQueue;
import org.v4vgpu.device.nvrtc.CompilerChoice;
import org.v4vgpu.proto.ServerStatusReply;
import org.v4vgpu.v4v.MessageChannel;

/**
 * The sessions of a server. Safe for any thread. Does not own the devices.
 *
 * {@snippet :
 *   try (Sessions sessions = new Sessions(devices, SessionLimits.DEFAULT, ServerStatusReply::newBuilder)) {
 *       sessions.serve(listener.accept());   // returns when the client has gone
 *   }
 * }
 */
public final class Sessions implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Sessions.class.getName());
    private static final int SECRET_BYTES = 32;
    private static final int MAXIMUM_CLIENT_BYTES = 60;

    private final List<Device> devices;
    private final SessionLimits limits;
    private final WindowBudget windowBudget;
    private final CallDispatcher dispatcher;
    private final SecureRandom random = new SecureRandom();
    private final AtomicLong lastId = new AtomicLong();
    private final List<Session> sessions = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    /**
     * @param devices what clients see, in this order
     * @param server the server's part of its status: name, addresses, uptime
     */
    public Sessions(List<Device> devices, SessionLimits limits, Supplier<ServerStatusReply.Builder> server) {
        this(devices, limits, CompilerChoice.AUTO, server);
    }

    /** As the other one, and says what compiles the clients' programs. */
    public Sessions(
            List<Device> devices,
            SessionLimits limits,
            CompilerChoice compiler,
            Supplier<ServerStatusReply.Builder> server) {
        this.devices = List.copyOf(devices);
        this.limits = limits;
        this.windowBudget = Windows.commonBudget(limits);
        this.dispatcher = CallDispatcher.of(
                new SessionCalls(this, devices, server),
                new DeviceCalls(devices, limits.memoryBytes()),
                new ContextCalls(devices),
                new MemoryCalls(),
                new CopyCalls(),
                new PeerCalls(),
                new WindowCalls(),
                new ModuleCalls(),
                new LaunchCalls(),
                new HostFunctionCalls(),
                new LimitCalls(),
                new StreamCalls(),
                new EventCalls(),
                new BlasCalls(),
                new ProgramCalls(new CompileQueue(
                        compiler, devices.stream().map(Device::description).toList())));
    }

    /** Serves one lane on the calling thread until its end. Takes ownership of the channel. */
    public void serve(MessageChannel channel) {
        new Lane(this, dispatcher, channel).run();
    }

    /** Ends every session. Idempotent. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        for (Session session : sessions) {
            session.end("the server stops");
        }
    }

    List<Device> devices() {
        return devices;
    }

    SessionLimits limits() {
        return limits;
    }

    /** What all sessions together may have in windows. */
    WindowBudget windowBudget() {
        return windowBudget;
    }

    /** Opens a session, or returns null if there are as many as there may be. */
    synchronized @Nullable Session open(String client, String peer) {
        if (closed || sessions.size() >= limits.sessions()) {
            return null;
        }
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        int generation = random.nextInt(1, Integer.MAX_VALUE);
        Session session = new Session(
                this, lastId.incrementAndGet(), ByteString.copyFrom(secret), generation, printable(client), peer);
        sessions.add(session);
        LOG.log(Level.DEBUG, "session {0} opened by {1} at {2}", Long.toString(session.id()), printable(client), peer);
        return session;
    }

    /** The session with this secret, or null. Takes the same time for every wrong secret of the right length. */
    @Nullable
    Session find(ByteString secret) {
        byte[] given = secret.toByteArray();
        Session found = null;
        for (Session session : sessions) {
            if (MessageDigest.isEqual(session.secret().toByteArray(), given)) {
                found = session;
            }
        }
        return found;
    }

    List<Session> all() {
        return List.copyOf(sessions);
    }

    void remove(Session session) {
        sessions.remove(session);
    }

    /** A client's own words, fit for a log line. */
    private static String printable(String client) {
        ByteBuffer bytes = ByteBuffer.allocate(MAXIMUM_CLIENT_BYTES);
        CharBuffer text = CharBuffer.wrap(client);
        UTF_8.newEncoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .encode(text, bytes, true); // stops before what does not fit
        String begin = client.substring(0, text.position());
        return begin.replaceAll("\\p{C}", "?") + (text.hasRemaining() ? "..." : "");
    }
}
