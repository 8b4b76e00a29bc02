package org.v4vgpu.v4v.socket;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.net.BindException;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.connection.V4vListener;

/**
 * What stands behind a {@link V4vServerSocket}. Safe for any thread; {@link java.net.ServerSocket} has checked states and arguments
 * before it calls.
 */
final class ListenerEnd extends SocketImpl {
    /** Ports that a bind to port 0 chooses from: those that nobody is assigned to. */
    private static final int FIRST_FREE_PORT = 49_152;

    private static final int LAST_FREE_PORT = 65_535;
    private static final int ATTEMPTS = 1000;

    private final Home home;
    private final int defaultDomain;
    private final SocketSettings settings = new SocketSettings();

    // Guarded by this. What a bind names, and the listener that a listen makes of it.
    private int domain;
    private long wanted;
    private @Nullable V4vListener listener;
    private Cleaner.@Nullable Cleanable cleanable;

    /** An address that {@code java.net} can't say, kept from {@link V4vServerSocket#bind} until {@link #bind}. */
    private @Nullable V4vAddress exact;

    /** @param defaultDomain where to listen if a bind names no domain; or {@link DomainNames#OWN} */
    ListenerEnd(Home home, int defaultDomain) {
        this.home = home;
        this.defaultDomain = defaultDomain;
    }

    Home home() {
        return home;
    }

    @Override
    protected void create(boolean isStream) throws IOException {
        if (!isStream) {
            throw new SocketException("V4V sockets carry streams, not datagrams");
        }
    }

    synchronized void bindExactly(@Nullable V4vAddress wanted) {
        exact = wanted;
    }

    /** Only notes the address: V4V has no state between a free port and one that takes connections. */
    @Override
    protected synchronized void bind(InetAddress host, int port) throws IOException {
        domain = host.isAnyLocalAddress() ? defaultDomain : DomainNames.domain(host);
        wanted = port;
        if (exact != null) {
            domain = exact.domain();
            wanted = exact.port();
        }
    }

    @Override
    protected synchronized void listen(int backlog) throws IOException {
        boolean interrupted = Thread.interrupted(); // it would close what is being opened
        try {
            V4vHypervisor hypervisor = home.toListen(domain);
            V4vListener open = wanted == 0
                    ? openAnywhere(hypervisor, backlog)
                    : V4vListener.open(hypervisor, wanted, settings.ringBytes(), backlog);
            listener = open;
            localport = DomainNames.inetPort(v4v(open).port());
            address = DomainNames.inetAddress(hypervisor.domain());
            cleanable = ConnectionEnd.CLEANER.register(this, open::close);
        } catch (BindException e) {
            throw e;
        } catch (IOException e) {
            BindException failed = new BindException(String.valueOf(e.getMessage()));
            failed.initCause(e);
            throw failed;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private V4vListener openAnywhere(V4vHypervisor hypervisor, int backlog) throws IOException {
        for (int i = 0; i < ATTEMPTS; i++) {
            int candidate = ThreadLocalRandom.current().nextInt(FIRST_FREE_PORT, LAST_FREE_PORT + 1);
            try {
                return V4vListener.open(hypervisor, candidate, settings.ringBytes(), backlog);
            } catch (IOException e) {
                if (!(e.getCause() instanceof ArgoException argo && argo.error() == ArgoError.EEXIST)) {
                    throw e;
                }
            }
        }
        throw new BindException("domain " + hypervisor.domain() + " has no free port from " + FIRST_FREE_PORT + " on");
    }

    private static V4vAddress v4v(V4vListener listener) {
        return (V4vAddress) listener.address();
    }

    synchronized @Nullable V4vAddress local() {
        return listener == null ? null : v4v(listener);
    }

    @Override
    protected void accept(SocketImpl accepted) throws IOException {
        V4vListener listening;
        synchronized (this) {
            listening = listener;
        }
        if (listening == null) {
            throw new SocketException("Socket is not listening");
        }
        if (!(accepted instanceof ConnectionEnd end)) {
            throw new SocketException("only a V4vSocket can be accepted over V4V");
        }
        int millis = settings.timeoutMillis();
        try {
            end.attach(
                    listening.acceptConnection(millis == 0 ? Long.MAX_VALUE : TimeUnit.MILLISECONDS.toNanos(millis)));
        } catch (SocketTimeoutException | SocketException e) {
            throw e;
        } catch (IOException e) {
            SocketException closed = new SocketException("Socket closed: " + e.getMessage());
            closed.initCause(e);
            throw closed;
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    @Override
    protected void close() {
        Cleaner.Cleanable open;
        synchronized (this) {
            open = cleanable;
            cleanable = null;
        }
        if (open != null) {
            open.clean();
        }
    }

    @Override
    public void setOption(int option, Object value) throws SocketException {
        settings.set(option, value);
    }

    @Override
    public Object getOption(int option) throws SocketException {
        return settings.value(option);
    }

    @Override
    protected <T> void setOption(SocketOption<T> option, T value) throws IOException {
        setOption(SocketSettings.listenerNumber(option), value);
    }

    @Override
    protected <T> T getOption(SocketOption<T> option) throws IOException {
        return option.type().cast(getOption(SocketSettings.listenerNumber(option)));
    }

    @Override
    protected Set<SocketOption<?>> supportedOptions() {
        return SocketSettings.listenerOptions();
    }

    // What only a connected socket does.

    @Override
    protected void connect(String host, int port) throws IOException {
        throw onlyListens();
    }

    @Override
    protected void connect(InetAddress host, int port) throws IOException {
        throw onlyListens();
    }

    @Override
    protected void connect(SocketAddress endpoint, int timeoutMillis) throws IOException {
        throw onlyListens();
    }

    @Override
    protected InputStream getInputStream() throws IOException {
        throw onlyListens();
    }

    @Override
    protected OutputStream getOutputStream() throws IOException {
        throw onlyListens();
    }

    @Override
    protected int available() throws IOException {
        throw onlyListens();
    }

    @Override
    protected void sendUrgentData(int data) throws IOException {
        throw onlyListens();
    }

    private static SocketException onlyListens() {
        return new SocketException("a listening socket is not connected");
    }
}
