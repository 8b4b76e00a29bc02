package org.v4vgpu.v4v.tcp;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.MessageListener;
import org.v4vgpu.v4v.TcpAddress;
import org.v4vgpu.v4v.ring.IdleStrategy;

/**
 * A listening TCP socket. Safe for any thread; one accepts at a time.
 *
 * <p>Peers that have connected but not yet said what they speak wait beside each other, so a silent one holds up nobody.
 */
public final class TcpListener implements MessageListener {
    private static final Logger LOG = System.getLogger(TcpListener.class.getName());
    private static final int BACKLOG = 256;
    private static final int MOST_UNDECIDED = 256;
    private static final long PREAMBLE_TIMEOUT_NANOS = 10_000_000_000L;
    private static final long LOOK_AROUND_MILLIS = 1_000;

    /** After a failure to accept: what made it fail may pass. */
    private static final long ACCEPT_PAUSE_NANOS = 200_000_000;

    private final ServerSocketChannel server;
    private final Selector selector;
    private final TcpAddress address;

    /** Listens. */
    public static TcpListener open(TcpAddress address) throws IOException {
        InetSocketAddress resolved = new InetSocketAddress(address.host(), address.port());
        if (resolved.isUnresolved()) {
            throw new IOException("cannot listen on " + address + ": unknown host " + address.host());
        }
        ServerSocketChannel server = ServerSocketChannel.open();
        try {
            server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            server.bind(resolved, BACKLOG);
            server.configureBlocking(false);
            return new TcpListener(
                    server, new TcpAddress(address.host(), ((InetSocketAddress) server.getLocalAddress()).getPort()));
        } catch (IOException e) {
            server.close();
            throw new IOException("cannot listen on " + address + ": " + e.getMessage(), e);
        }
    }

    private TcpListener(ServerSocketChannel server, TcpAddress address) throws IOException {
        this.server = server;
        this.address = address;
        this.selector = SocketByteStream.selectorOf(server, SelectionKey.OP_ACCEPT);
    }

    @Override
    public ChannelAddress address() {
        return address;
    }

    @Override
    public synchronized MessageChannel accept() throws IOException {
        try {
            while (server.isOpen()) {
                for (var keys = selector.selectedKeys().iterator(); keys.hasNext(); ) {
                    SelectionKey key = keys.next();
                    keys.remove();
                    MessageChannel channel = advance(key);
                    if (channel != null) {
                        return channel;
                    }
                }
                selector.select(LOOK_AROUND_MILLIS);
                dropSilent();
            }
        } catch (ClosedSelectorException e) {
            throw new IOException("no longer listening on " + address, e);
        }
        throw new IOException("no longer listening on " + address);
    }

    private @Nullable MessageChannel advance(SelectionKey key) throws IOException {
        if (!key.isValid()) {
            return null;
        }
        if (!(key.attachment() instanceof TcpPreamble preamble)) {
            acceptSocket();
            return null;
        }
        SocketChannel socket = preamble.socket;
        String peer = String.valueOf(socket.socket().getRemoteSocketAddress());
        try {
            if (!preamble.advance()) {
                return null;
            }
            String foreignness = preamble.foreignness();
            if (!foreignness.isEmpty()) {
                throw new IOException("it " + foreignness);
            }
            key.cancel();
            selector.selectNow(); // else the selector would keep the socket open beyond its close
            return new TcpMessageChannel(new SocketByteStream(socket), "tcp:/" + peer);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} refuses {1}: {2}", address, peer, e.getMessage());
            key.cancel();
            socket.close();
            return null;
        }
    }

    private void acceptSocket() throws IOException {
        SocketChannel socket;
        try {
            socket = server.accept();
        } catch (ClosedChannelException e) {
            throw e;
        } catch (IOException e) { // no descriptor left, for example; the listener must outlive it
            LOG.log(Level.WARNING, "{0} could not accept: {1}", address, e.getMessage());
            IdleStrategy.pause(ACCEPT_PAUSE_NANOS);
            return;
        }
        if (socket == null) {
            return;
        }
        try {
            if (selector.keys().size() > MOST_UNDECIDED) {
                throw new IOException("too many peers that have not said what they speak");
            }
            TcpMessageChannel.prepare(socket);
            socket.configureBlocking(false);
            socket.register(selector, SelectionKey.OP_READ, new TcpPreamble(socket));
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} could not accept: {1}", address, e.getMessage());
            socket.close();
        }
    }

    private void dropSilent() throws IOException {
        for (SelectionKey key : selector.keys()) {
            if (key.isValid()
                    && key.attachment() instanceof TcpPreamble preamble
                    && System.nanoTime() - preamble.startNanos > PREAMBLE_TIMEOUT_NANOS) {
                LOG.log(Level.WARNING, "{0} drops a peer that did not say what it speaks", address);
                key.cancel();
                preamble.socket.close();
            }
        }
    }

    @Override
    public void close() {
        try {
            server.close();
            selector.wakeup();
            synchronized (this) {
                for (SelectionKey key : selector.keys()) {
                    if (key.attachment() instanceof TcpPreamble preamble) {
                        preamble.socket.close();
                    }
                }
                selector.close();
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "closing {0}: {1}", address, e.getMessage());
        } catch (ClosedSelectorException e) {
            LOG.log(Level.TRACE, "closed before", e);
        }
    }
}
