package org.v4vgpu.v4v.netty;

import io.netty.channel.AbstractServerChannel;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.connection.V4vConnection;
import org.v4vgpu.v4v.connection.V4vListener;
import org.v4vgpu.v4v.ring.DoorbellPanel;

/**
 * Listens at a V4V address and accepts {@link V4vChannel}s. Used as any other Netty channel, on an event loop with a {@link
 * V4vIoHandler}; the process becomes the domain that it is bound to. Accepts only while something is to be read: without automatic
 * reading, one connection per read. Others are connected already and wait ({@code SO_BACKLOG}), as those of a socket do.
 */
public final class V4vServerChannel extends AbstractServerChannel {
    private final V4vServerChannelConfig config = new V4vServerChannelConfig(this);
    private final LoopRegistration registration = new LoopRegistration();

    private volatile @Nullable V4vAddress local;
    private volatile boolean closed;

    /** Accepted and not wanted then. */
    private final Queue<V4vConnection> waiting = new ConcurrentLinkedQueue<>();

    private volatile @Nullable Acceptor acceptor;

    // The loop's.
    private boolean readPending;
    private boolean isAccepting;

    @Override
    public V4vServerChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public boolean isActive() {
        return !closed && local != null;
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return local;
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new V4vServerUnsafe();
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return LoopRegistration.isCompatible(loop, V4vServerUnsafe.class);
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        registration.register(eventLoop(), (V4vServerUnsafe) unsafe(), promise);
    }

    @Override
    protected void doDeregister() {
        registration.cancel();
    }

    @Override
    protected void doBind(SocketAddress localAddress) throws IOException {
        if (!(localAddress instanceof V4vAddress address)) {
            throw new UnsupportedAddressTypeException();
        }
        if (acceptor != null) {
            throw new AlreadyBoundException();
        }
        V4vHypervisor hypervisor = config.options().domain(address.domain());
        V4vListener listener =
                V4vListener.open(hypervisor, address.port(), config.options().ringBytes(), config.backlog());
        Acceptor starting = new Acceptor(listener, this::accepted, this::failed);
        acceptor = starting;
        local = address;
        starting.start();
        eventLoop().execute(this::accept);
    }

    @Override
    protected void doBeginRead() {
        readPending = true;
        eventLoop().execute(this::accept);
    }

    /** Automatic reading was switched off. Any thread. */
    void clearReadPending() {
        if (isRegistered()) {
            eventLoop().execute(() -> readPending = false);
        } else {
            readPending = false; // while the channel is being set up
        }
    }

    /** Hands out what has been accepted and was not wanted then, or lets the acceptor accept. */
    private void accept() {
        Acceptor current = acceptor;
        if (!readPending || closed || current == null) {
            return;
        }
        V4vConnection connection = waiting.poll();
        if (connection != null) {
            handOut(connection);
        } else if (!isAccepting) {
            isAccepting = true;
            current.want();
        }
    }

    /** On the acceptor's thread. */
    private void accepted(V4vConnection connection) {
        try {
            eventLoop().execute(() -> {
                isAccepting = false;
                if (closed) {
                    connection.close();
                } else if (readPending) {
                    handOut(connection);
                } else {
                    waiting.add(connection);
                    if (closed) { // meanwhile, on its own thread
                        closeWaiting();
                    }
                }
            });
        } catch (RejectedExecutionException e) { // the loop has shut down
            connection.close();
        }
    }

    private void handOut(V4vConnection connection) {
        readPending = false;
        pipeline().fireChannelRead(new V4vChannel(this, connection));
        pipeline().fireChannelReadComplete();
    }

    /** On the acceptor's thread. */
    private void failed(IOException cause) {
        try {
            eventLoop().execute(() -> {
                if (!closed) {
                    pipeline().fireExceptionCaught(cause);
                    unsafe().close(voidPromise());
                }
            });
        } catch (RejectedExecutionException e) {
            return; // the loop has shut down, and closed the channel
        }
    }

    @Override
    protected void doClose() {
        closed = true;
        Acceptor current = acceptor;
        if (current != null) {
            current.close();
        }
        closeWaiting();
    }

    private void closeWaiting() {
        for (V4vConnection connection = waiting.poll(); connection != null; connection = waiting.poll()) {
            connection.close();
        }
    }

    private final class V4vServerUnsafe extends AbstractUnsafe implements V4vIoHandle {
        @Override
        public void connect(SocketAddress remote, @Nullable SocketAddress local, ChannelPromise promise) {
            safeSetFailure(promise, new UnsupportedOperationException("a server channel connects to nobody"));
        }

        /** A close may wait for an accept that is under way: not on the loop, unless that ends with it. */
        @Override
        protected @Nullable Executor prepareToClose() {
            if (acceptor == null || eventLoop().isShuttingDown()) {
                return null;
            }
            return close ->
                    Thread.ofPlatform().daemon().name("v4v-close " + local).start(close);
        }

        @Override
        public V4vIoOps ready(V4vIoOps interest) {
            return V4vIoOps.NONE; // it waits on the acceptor's thread
        }

        @Override
        public boolean isPeerGone() {
            return false;
        }

        @Override
        public void watch(V4vIoOps interest, DoorbellPanel panel) {}

        @Override
        public void handle(IoRegistration ignored, IoEvent event) {}

        @Override
        public void close() {
            close(newPromise());
        }
    }
}
