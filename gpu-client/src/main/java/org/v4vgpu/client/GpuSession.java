package org.v4vgpu.client;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CallEncoder;
import org.v4vgpu.proto.CallHeader;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.HelloReply;
import org.v4vgpu.proto.HelloRequest;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.ProtocolException;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.MessageChannels;

/**
 * This process's session at one server: its lanes, the numbers of its calls, its end. Safe for any thread.
 *
 * <p>A session fails once, for good: the first cause is logged with the address, every waiting call on every lane ends with
 * {@code CUDA_ERROR_DEVICE_UNAVAILABLE}, and so does every later one.
 */
final class GpuSession implements AutoCloseable {
    private static final Logger LOG = System.getLogger(GpuSession.class.getName());
    private static final long HELLO_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final ChannelAddress address;
    private final boolean blocking;
    private final KernelOutput output;
    private final LaneTable lanes;
    private final HostFunctions hostFunctions = new HostFunctions(this);
    private final HostWindows windows = new HostWindows(this);
    private final Set<RemoteContext> contexts = ConcurrentHashMap.newKeySet();
    private final ByteString secret;
    private final AtomicLong sequence = new AtomicLong();
    private final AtomicReference<@Nullable End> end = new AtomicReference<>();

    private GpuSession(
            ChannelAddress address,
            boolean blocking,
            KernelOutput output,
            MessageChannel channel,
            ByteString secret,
            int maximumLanes) {
        this.address = address;
        this.blocking = blocking;
        this.output = output;
        this.secret = secret;
        this.lanes = new LaneTable(this, maximumLanes, channel);
    }

    /**
     * Connects to a server and opens a session, whose first lane belongs to the calling thread.
     *
     * @param blocking every call waits for its reply, as with {@code CUDA_LAUNCH_BLOCKING=1}
     * @param output where printf of kernels goes
     * @throws CudaException DEVICE_UNAVAILABLE, with address and cause, if there is no such server or it speaks another version
     */
    static GpuSession open(ChannelAddress address, boolean blocking, KernelOutput output) {
        try {
            // Before there is a connection, whose server gives a client only so much time to say it.
            MemorySegment request = hello(ByteString.EMPTY);
            MessageChannel channel = MessageChannels.connect(address);
            try {
                HelloReply hello = greet(channel, request);
                if (hello.getSecret().isEmpty()) {
                    throw new ProtocolException("the server opened a session without a secret");
                }
                return new GpuSession(
                        address, blocking, output, channel, hello.getSecret(), Math.max(1, hello.getMaximumLanes()));
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw unreachable(address, e);
        }
    }

    ChannelAddress address() {
        return address;
    }

    /** The calling thread's lane, opened if it has none yet. */
    Lane lane() {
        return lanes.current();
    }

    HostFunctions hostFunctions() {
        return hostFunctions;
    }

    HostWindows windows() {
        return windows;
    }

    /** The contexts of this process at the server, on all its devices. */
    Set<RemoteContext> contexts() {
        return contexts;
    }

    /** Where printf of kernels goes. */
    KernelOutput output() {
        return output;
    }

    /** Whether every call waits for its reply. */
    boolean isBlocking() {
        return blocking;
    }

    boolean isOpen() {
        return end.get() == null;
    }

    /**
     * Checks that the session goes on.
     *
     * @throws CudaException why it has ended, if it has
     */
    void ensureOpen() {
        End ended = end.get();
        if (ended != null) {
            throw ended.exception(null);
        }
    }

    /** The next call's number. To be published at once: a number that is not ends the session. */
    long nextSequence() {
        return sequence.incrementAndGet();
    }

    /** Ends the session because of {@code cause}, unless it has ended already. Returns what the caller is to throw. */
    CudaException fail(Throwable cause) {
        String text = "lost the server" + where(address, cause);
        if (end.compareAndSet(null, new End(CudaStatus.DEVICE_UNAVAILABLE, text))) {
            LOG.log(Level.ERROR, text);
            lanes.cut();
            hostFunctions.cut();
        }
        return Objects.requireNonNull(end.get()).exception(cause);
    }

    /** Opens a channel for a further lane. */
    MessageChannel join() {
        try {
            MemorySegment request = hello(secret);
            MessageChannel channel = MessageChannels.connect(address);
            try {
                greet(channel, request);
                return channel;
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw unreachable(address, e);
        }
    }

    /** Leaves the server in order. What other threads still wait for ends with an error. Idempotent. */
    @Override
    public void close() {
        if (isOpen()) {
            lanes.leave();
            end.compareAndSet(null, new End(CudaStatus.DEINITIALIZED, "the session at " + address + " was closed"));
        }
        lanes.cut();
        hostFunctions.cut();
        windows.close();
    }

    private static MemorySegment hello(ByteString secret) {
        HelloRequest request = HelloRequest.newBuilder()
                .setProtocolVersion(Limits.PROTOCOL_VERSION)
                .setClient(ClientName.ofThisProcess())
                .setSecret(secret)
                .build();
        return new CallEncoder().request(Call.HELLO, CallDescriptor.WAITS | CallDescriptor.LAST, 0, 0, request);
    }

    private static HelloReply greet(MessageChannel channel, MemorySegment hello) throws IOException {
        channel.send(hello);
        try (IncomingMessage message = channel.receive(HELLO_TIMEOUT_NANOS)) {
            CallHeader header = CallHeader.decode(message.header());
            if (!header.isReply() || header.number() != Call.HELLO.number()) {
                throw new ProtocolException("message " + header.number() + " is no reply to Hello");
            }
            HelloReply reply = header.parse(Call.HELLO.replies());
            if (reply.getProtocolVersion() != Limits.PROTOCOL_VERSION) {
                throw new ProtocolException("the server speaks version " + reply.getProtocolVersion()
                        + " of the protocol, this client version " + Limits.PROTOCOL_VERSION
                        + "; use the same release on both sides");
            }
            if (header.status() != 0) {
                throw new IOException("the server refuses the connection: " + new CudaStatus(header.status()));
            }
            return reply;
        }
    }

    private static CudaException unreachable(ChannelAddress address, IOException cause) {
        return new CudaException(CudaStatus.DEVICE_UNAVAILABLE, "no GPU server" + where(address, cause), cause);
    }

    /** Where and why; the transport's own messages name the address already. */
    private static String where(ChannelAddress address, Throwable cause) {
        String why = Lane.describe(cause);
        return why.contains(address.toString()) ? ": " + why : " at " + address + ": " + why;
    }

    /** How the session ended. */
    private record End(CudaStatus status, String text) {
        CudaException exception(@Nullable Throwable cause) {
            return new CudaException(status, text, cause);
        }
    }
}
