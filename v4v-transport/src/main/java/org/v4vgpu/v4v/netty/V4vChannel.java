package org.v4vgpu.v4v.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.FileRegion;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.connection.V4vConnection;
import org.v4vgpu.v4v.ring.DoorbellPanel;

/**
 * A byte stream over a V4V connection, as a Netty channel. Used as any other: its methods are safe for any thread, its work is
 * done on its event loop, which needs a {@link V4vIoHandler}.
 *
 * {@snippet :
 *   new Bootstrap()
 *           .group(new MultiThreadIoEventLoopGroup(1, V4vIoHandler.newFactory()))
 *           .channel(V4vChannel.class)
 *           .handler(initializer)
 *           .connect(new V4vAddress(1, 8080));
 * }
 *
 * <p>Takes {@link ByteBuf} and {@link FileRegion}. A local address may be given to connect from that domain; its port must be 0,
 * for the hypervisor side chooses it. What was written to the peer's ring before a close is delivered, then the end. A peer that
 * dies ends the stream with a {@link org.v4vgpu.v4v.PeerLostException}, one that resets it or leaves without an end with a {@link
 * java.net.SocketException}; both after what it had sent.
 */
public final class V4vChannel extends AbstractChannel implements DuplexChannel {
    private static final Logger LOG = System.getLogger(V4vChannel.class.getName());
    private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);

    private final V4vChannelConfig config;
    private final LoopRegistration registration = new LoopRegistration();
    private final InputDelivery delivery = new InputDelivery(this, registration);
    private final Runnable flushAgain = this::flushAgain;

    private volatile @Nullable Link link;
    private volatile boolean closed;
    private volatile boolean isOutputShutdown;

    // The loop's.
    private @Nullable ConnectAttempt attempt;

    /** An established connection with its two streams. */
    private record Link(V4vConnection connection, V4vInput input, V4vOutput output) {
        static Link of(V4vConnection connection) {
            return new Link(connection, new V4vInput(connection), new V4vOutput(connection));
        }
    }

    /** A channel that can be connected. */
    public V4vChannel() {
        super(null);
        config = new V4vChannelConfig(this);
    }

    /** A channel that has been accepted; the connection becomes its own. */
    V4vChannel(V4vServerChannel parent, V4vConnection connection) {
        super(parent);
        config = new V4vChannelConfig(this);
        link = Link.of(connection);
    }

    @Override
    public V4vChannelConfig config() {
        return config;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public boolean isActive() {
        return !closed && link != null;
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        Link current = link;
        return current == null ? null : current.connection().local();
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        Link current = link;
        return current == null ? null : current.connection().peer();
    }

    // Life.

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new V4vUnsafe();
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return LoopRegistration.isCompatible(loop, V4vUnsafe.class);
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        registration.register(eventLoop(), (V4vUnsafe) unsafe(), promise);
    }

    @Override
    protected void doDeregister() {
        registration.cancel();
    }

    @Override
    protected void doBind(SocketAddress localAddress) {
        throw new UnsupportedOperationException(
                "a V4V channel can't be bound: connect with a local address v4v://<domain>:0 to choose the domain");
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected void doClose() {
        closed = true;
        delivery.shutdown();
        isOutputShutdown = true;
        ConnectAttempt pending = attempt;
        if (pending != null) {
            attempt = null;
            pending.giveUp();
            pending.promise().tryFailure(new ClosedChannelException());
        }
        Link current = link;
        if (current != null) {
            current.input().close();
            end(current);
        }
    }

    /** Says END if nothing has said it before, for a peer takes a ring without it for a broken connection; then leaves. */
    private static void end(Link link) {
        try {
            link.output().end();
        } catch (IOException e) {
            LOG.log(
                    Level.DEBUG,
                    "{0} has gone before the end of its stream: {1}",
                    link.connection().peer(),
                    e);
        } finally {
            link.connection().close();
        }
    }

    // Half-closure.

    @Override
    public boolean isInputShutdown() {
        return delivery.isShutdown();
    }

    @Override
    public boolean isOutputShutdown() {
        return isOutputShutdown;
    }

    @Override
    public boolean isShutdown() {
        return isInputShutdown() && isOutputShutdown;
    }

    @Override
    public ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    @Override
    public ChannelFuture shutdownInput(ChannelPromise promise) {
        onLoop(() -> {
            if (link == null || closed) {
                promise.tryFailure(closed ? new ClosedChannelException() : new NotYetConnectedException());
            } else {
                delivery.shutdown();
                promise.trySuccess();
            }
        });
        return promise;
    }

    @Override
    public ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        onLoop(() -> {
            if (link == null && !closed) {
                promise.tryFailure(new NotYetConnectedException());
            } else {
                ((AbstractUnsafe) unsafe()).shutdownOutput(promise);
            }
        });
        return promise;
    }

    @Override
    public ChannelFuture shutdown() {
        return shutdown(newPromise());
    }

    @Override
    public ChannelFuture shutdown(ChannelPromise promise) {
        ChannelFuture output = shutdownOutput();
        ChannelFuture input = shutdownInput();
        input.addListener(_ -> output.addListener(_ -> {
            Throwable cause = output.isSuccess() ? input.cause() : output.cause();
            if (cause == null) {
                promise.trySuccess();
            } else {
                promise.tryFailure(cause);
            }
        }));
        return promise;
    }

    private void onLoop(Runnable task) {
        if (eventLoop().inEventLoop()) {
            task.run();
        } else {
            eventLoop().execute(task);
        }
    }

    @Override
    protected void doShutdownOutput() throws IOException {
        isOutputShutdown = true;
        registration.wantSpace(false);
        Link current = link;
        if (current != null) {
            current.output().end();
        }
    }

    // Reading.

    @Override
    protected void doBeginRead() {
        delivery.want();
    }

    /** Automatic reading was switched off. Any thread. */
    void clearReadPending() {
        if (isRegistered()) {
            onLoop(delivery::clearPending);
        } else {
            delivery.clearPending(); // while the channel is being set up
        }
    }

    // Writing.

    @Override
    protected Object filterOutboundMessage(Object message) {
        if (message instanceof ByteBuf || message instanceof FileRegion) {
            return message; // of whatever memory: it is copied into the ring
        }
        throw new UnsupportedOperationException("a V4V channel writes ByteBuf and FileRegion, not "
                + message.getClass().getName());
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer flushed) throws IOException {
        Link current = link;
        if (current == null) {
            throw new NotYetConnectedException();
        }
        for (int spins = config.getWriteSpinCount(); flushed.current() != null; spins--) {
            if (spins <= 0) {
                eventLoop().execute(flushAgain);
                return;
            }
            if (!current.output().write(flushed)) {
                registration.wantSpace(true);
                return;
            }
        }
    }

    private void flushAgain() {
        ((V4vUnsafe) unsafe()).flushNow();
    }

    private final class V4vUnsafe extends AbstractUnsafe implements V4vIoHandle {
        // What the loop's handler asks and tells.

        @Override
        public V4vIoOps ready(V4vIoOps interest) {
            Link current = link;
            if (current == null) {
                return V4vIoOps.NONE;
            }
            boolean read = interest.read() && delivery.isReady(current.input());
            return V4vIoOps.of(read, interest.space() && current.output().hasSpace());
        }

        @Override
        public boolean isPeerGone() {
            Link current = link;
            return current != null && current.input().isPeerGone();
        }

        @Override
        public void watch(V4vIoOps interest, DoorbellPanel panel) {
            Link current = link;
            if (current == null) {
                return;
            }
            if (interest.read()) {
                current.input().watch(panel);
            }
            if (interest.space()) {
                current.output().watch(panel);
            }
        }

        @Override
        public void handle(IoRegistration ignored, IoEvent event) {
            V4vIoOps ready = (V4vIoOps) event;
            if (ready.space()) {
                flushNow();
            }
            Link current = link;
            if (ready.read() && current != null && !closed) {
                delivery.read(current.input());
            }
        }

        @Override
        public void close() {
            close(newPromise());
        }

        // Connecting.

        @Override
        public void connect(SocketAddress remote, @Nullable SocketAddress local, ChannelPromise promise) {
            if (promise.isDone() || !ensureOpen(promise)) {
                return;
            }
            try {
                if (attempt != null) {
                    throw new ConnectionPendingException();
                }
                if (link != null) {
                    throw new AlreadyConnectedException();
                }
                ConnectAttempt starting = ConnectAttempt.of(remote, local, promise);
                attempt = starting;
                promise.addListener(future -> {
                    if (future.isCancelled()) {
                        close(voidPromise());
                    }
                });
                starting.start(eventLoop(), config, new ConnectAttempt.Outcome() {
                    @Override
                    public void connected(V4vConnection connection) {
                        finishConnect(starting, connection);
                    }

                    @Override
                    public void failed(Throwable cause) {
                        failConnect(starting, cause);
                    }
                });
            } catch (RuntimeException e) {
                promise.tryFailure(annotateConnectException(e, remote));
                closeIfClosed();
            }
        }

        private void finishConnect(ConnectAttempt finished, V4vConnection connection) {
            if (attempt != finished) { // closed, cancelled or too late
                connection.close();
                return;
            }
            attempt = null;
            finished.end();
            link = Link.of(connection);
            boolean wasFirst = finished.promise().trySuccess(); // its listeners may close the channel
            pipeline().fireChannelActive();
            if (!wasFirst) {
                close(voidPromise());
            }
        }

        private void failConnect(ConnectAttempt failed, Throwable cause) {
            if (attempt == failed) {
                attempt = null;
                failed.giveUp();
                failed.promise().tryFailure(cause);
                close(voidPromise());
            }
        }

        // Writing.

        @Override
        protected void flush0() {
            if (!registration.wantsSpace()) { // else the loop flushes when there is space
                super.flush0();
            }
        }

        /** When there is space, or other tasks have had their turn. */
        void flushNow() {
            registration.wantSpace(false);
            super.flush0();
        }
    }
}
