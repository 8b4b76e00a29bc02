package org.v4vgpu.v4v.socket;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketOption;
import java.net.SocketOptions;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.connection.V4vConnection;
import org.v4vgpu.v4v.connection.V4vConnections;

/**
 * What stands behind a {@link V4vSocket}. Safe for any thread; {@link java.net.Socket} has checked states and arguments before it calls.
 *
 * <p>A socket that is forgotten without a close is closed once the garbage collector finds it, as one of {@code java.net} is.
 */
final class ConnectionEnd extends SocketImpl {
    /** A timeout of 0: as long as a TCP stack asks for a connection. */
    private static final long UNLIMITED_CONNECT_NANOS = TimeUnit.MINUTES.toNanos(2);

    static final Cleaner CLEANER = Cleaner.create();

    private final Home home;
    private final int fixedDomain;
    private final SocketSettings settings = new SocketSettings();
    private volatile @Nullable V4vStream stream;

    // Guarded by this.
    private boolean closed;
    private @Nullable ReceiveRing connecting;
    private Cleaner.@Nullable Cleanable cleanable;

    /** @param fixedDomain where every connect leads, whatever host it names; or {@link DomainNames#OWN} for the host's */
    ConnectionEnd(Home home, int fixedDomain) {
        this.home = home;
        this.fixedDomain = fixedDomain;
    }

    @Override
    protected void create(boolean isStream) throws IOException {
        if (!isStream) {
            throw new SocketException("V4V sockets carry streams, not datagrams");
        }
    }

    /** The domain is known when it is needed, and the port of a connection is V4V's to choose. */
    @Override
    protected void bind(InetAddress host, int port) throws IOException {
        if (!host.isAnyLocalAddress()) {
            int domain = DomainNames.domain(host);
            int own = home.toConnect().domain();
            if (domain != DomainNames.OWN && domain != own) {
                throw new BindException("Cannot assign requested address: this is domain " + own + ", not " + domain);
            }
        }
        if (port != 0) {
            throw new BindException(
                    "Cannot assign requested address: V4V chooses the port of a connecting socket, use 0 not " + port);
        }
    }

    @Override
    protected void connect(String host, int port) throws IOException {
        connect(DomainNames.parse(host, port, home.toConnect().domain()), 0);
    }

    @Override
    protected void connect(InetAddress host, int port) throws IOException {
        connect(new InetSocketAddress(host, port), 0);
    }

    @Override
    protected void connect(SocketAddress endpoint, int timeoutMillis) throws IOException {
        V4vHypervisor hypervisor = home.toConnect();
        V4vAddress target = fixedDomain == DomainNames.OWN
                ? DomainNames.address(endpoint, hypervisor.domain())
                : new V4vAddress(fixedDomain, DomainNames.port(endpoint));
        long nanos = timeoutMillis == 0 ? UNLIMITED_CONNECT_NANOS : TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        boolean interrupted = Thread.interrupted(); // it would close what is being opened
        try {
            attach(V4vConnections.open(hypervisor, target, nanos, settings.ringBytes(), this::began));
        } catch (IllegalStateException e) {
            throw closedMeanwhile(new IOException(target + ": the domain was left while connecting", e));
        } catch (IOException e) {
            throw closedMeanwhile(e);
        } finally {
            ended();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private synchronized void began(ReceiveRing ring) {
        connecting = ring;
        if (closed) {
            ring.close();
        }
    }

    private synchronized void ended() {
        connecting = null;
    }

    private synchronized IOException closedMeanwhile(IOException e) {
        if (!closed) {
            return e;
        }
        SocketException over = new SocketException("Socket closed");
        over.initCause(e);
        return over;
    }

    /** Takes ownership of a connection. */
    synchronized void attach(V4vConnection connection) throws SocketException {
        V4vStream fresh = new V4vStream(connection);
        if (closed) {
            fresh.reset();
            throw new SocketException("Socket closed");
        }
        address = DomainNames.inetAddress(fresh.peer().domain());
        port = DomainNames.inetPort(fresh.peer().port());
        localport = DomainNames.inetPort(fresh.local().port());
        stream = fresh;
        cleanable = CLEANER.register(this, fresh::close);
    }

    @Override
    protected void listen(int backlog) throws IOException {
        throw new SocketException("a V4vSocket can't listen; use V4vServerSocket");
    }

    @Override
    protected void accept(SocketImpl other) throws IOException {
        throw new SocketException("a V4vSocket can't accept; use V4vServerSocket");
    }

    V4vStream stream() throws SocketException {
        V4vStream known = stream;
        if (known == null) {
            throw new SocketException("Socket is not connected");
        }
        return known;
    }

    @Nullable
    V4vAddress peer() {
        V4vStream known = stream;
        return known == null ? null : known.peer();
    }

    @Nullable
    V4vAddress local() {
        V4vStream known = stream;
        return known == null ? null : known.local();
    }

    @Override
    protected InputStream getInputStream() throws IOException {
        return new Input(this, stream().receiver());
    }

    @Override
    protected OutputStream getOutputStream() throws IOException {
        return new Output(this, stream().sender());
    }

    @Override
    protected int available() throws IOException {
        return stream().receiver().available();
    }

    @Override
    protected void shutdownInput() throws IOException {
        stream().shutdownInput();
    }

    @Override
    protected void shutdownOutput() throws IOException {
        stream().shutdownOutput();
    }

    @Override
    protected void close() {
        Cleaner.Cleanable unneeded;
        synchronized (this) {
            closed = true;
            if (connecting != null) {
                connecting.close();
            }
            unneeded = cleanable;
            cleanable = null;
        }
        V4vStream known = stream;
        if (known != null && settings.lingerSeconds() == 0) {
            known.reset();
        } else if (known != null) {
            known.close();
        }
        if (unneeded != null) {
            unneeded.clean();
        }
    }

    @Override
    protected boolean supportsUrgentData() {
        return false;
    }

    @Override
    protected void sendUrgentData(int data) throws IOException {
        throw new SocketException("urgent data is not supported over V4V");
    }

    @Override
    public void setOption(int option, Object value) throws SocketException {
        settings.set(option, value);
    }

    @Override
    public Object getOption(int option) throws SocketException {
        V4vStream known = stream;
        return switch (option) {
            case SocketOptions.SO_BINDADDR ->
                known == null
                        ? new InetSocketAddress(0).getAddress()
                        : DomainNames.inetAddress(known.local().domain());
            case SocketOptions.SO_RCVBUF -> known == null ? settings.value(option) : known.receiveBytes();
            case SocketOptions.SO_SNDBUF -> known == null ? settings.value(option) : known.sendBytes();
            default -> settings.value(option);
        };
    }

    @Override
    protected <T> void setOption(SocketOption<T> option, T value) throws IOException {
        setOption(SocketSettings.number(option), value);
    }

    @Override
    protected <T> T getOption(SocketOption<T> option) throws IOException {
        Object value = getOption(SocketSettings.number(option));
        return option.type().cast(Boolean.FALSE.equals(value) && option.type() == Integer.class ? -1 : value);
    }

    @Override
    protected Set<SocketOption<?>> supportedOptions() {
        return SocketSettings.options();
    }

    /** Keeps its socket reachable, as the streams of {@code java.net} do. */
    private static final class Input extends InputStream {
        private final ConnectionEnd end;
        private final StreamReceiver receiver;

        Input(ConnectionEnd end, StreamReceiver receiver) {
            this.end = end;
            this.receiver = receiver;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                return receiver.read(bytes, offset, length, end.settings.timeoutMillis());
            } finally {
                Reference.reachabilityFence(end);
            }
        }

        @Override
        public int available() throws IOException {
            return receiver.available();
        }

        @Override
        public void close() {
            end.close();
        }
    }

    private static final class Output extends OutputStream {
        private final ConnectionEnd end;
        private final StreamSender sender;

        Output(ConnectionEnd end, StreamSender sender) {
            this.end = end;
            this.sender = sender;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                sender.write(bytes, offset, length);
            } finally {
                Reference.reachabilityFence(end);
            }
        }

        @Override
        public void close() {
            end.close();
        }
    }
}
