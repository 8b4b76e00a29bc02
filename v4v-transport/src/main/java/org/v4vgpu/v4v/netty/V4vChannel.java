package org.v4vgpu.v4v.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.channel.FileRegion;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.V4vAddress;
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
    private final Runnable flushAgain = this::flushAgain;

    private volatile @Nullable Link link;
    private volatile boolean closed;
    private volatile boolean isInputShutdown;
    private volatile boolean isOutputShutdown;

    // The loop's.
    private @Nullable ConnectAttempt attempt;
    private boolean readPending;

    /** The end has been told in full; what comes all the same is thrown away. */
    private boolean isInputDone;

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
        isInputShutdown = true;
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
        return isInputShutdown;
    }

    @Override
    public boolean isOutputShutdown() {
        return isOutputShutdown;
    }

    @Override
    public boolean isShutdown() {
        return isInputShutdown && isOutputShutdown;
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
                isInputShutdown = true;
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
        readPending = true;
        if (!isInputDone) {
            registration.wantRead(true);
        }
    }

    /** Automatic reading was switched off. Any thread. */
    void clearReadPending() {
        if (isRegistered()) {
            onLoop(() -> {
                readPending = false;
                registration.wantRead(false);
            });
        } else {
            readPending = false; // while the channel is being set up
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
            boolean read = interest.read() && isReadable(current.input());
            return V4vIoOps.of(read, interest.space() && current.output().hasSpace());
        }

        private boolean isReadable(V4vInput input) {
            return isInputDone ? !input.isEnded() && input.isReadable() : isInputShutdown || input.isReadable();
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
                read(current.input());
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
                ConnectAttempt starting = new ConnectAttempt(v4v(remote), own(local), promise);
                attempt = starting;
                limit(starting);
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

        private V4vAddress v4v(SocketAddress address) {
            if (address instanceof V4vAddress ours) {
                return ours;
            }
            throw new UnsupportedAddressTypeException();
        }

        private @Nullable V4vAddress own(@Nullable SocketAddress local) {
            if (local == null) {
                return null;
            }
            V4vAddress address = v4v(local);
            if (address.port() != 0) {
                throw new UnsupportedOperationException(
                        "a V4V connection chooses its own port: " + local + "; use port 0");
            }
            return address;
        }

        private void limit(ConnectAttempt starting) {
            int millis = config.getConnectTimeoutMillis();
            if (millis > 0) {
                starting.deadline(eventLoop()
                        .schedule(
                                () -> failConnect(
                                        starting,
                                        new ConnectTimeoutException(
                                                "connection timed out after " + millis + " ms: " + starting.remote())),
                                millis,
                                TimeUnit.MILLISECONDS));
            }
            starting.promise().addListener(future -> {
                if (future.isCancelled()) {
                    close(voidPromise());
                }
            });
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

        // Reading.

        @SuppressWarnings("deprecation") // the handle's type: nothing has replaced it
        private void read(V4vInput input) {
            if (isInputDone) {
                input.discard();
                return;
            }
            if (isInputShutdown && !config.isAllowHalfClosure()) {
                endInput(input);
                return;
            }
            ChannelPipeline pipeline = pipeline();
            RecvByteBufAllocator.Handle handle = recvBufAllocHandle();
            handle.reset(config);
            ByteBuf buffer = null;
            boolean ended = false;
            try {
                do {
                    buffer = handle.allocate(config.getAllocator());
                    handle.attemptedBytesRead(buffer.writableBytes());
                    handle.lastBytesRead(isInputShutdown ? -1 : input.read(buffer));
                    if (handle.lastBytesRead() <= 0) {
                        buffer.release();
                        buffer = null;
                        ended = handle.lastBytesRead() < 0;
                        readPending &= !ended;
                        break;
                    }
                    handle.incMessagesRead(1);
                    readPending = false;
                    ByteBuf read = buffer;
                    buffer = null;
                    pipeline.fireChannelRead(read);
                } while (!closed && handle.continueReading());
                handle.readComplete();
                pipeline.fireChannelReadComplete();
                if (ended) {
                    endInput(input);
                }
            } catch (IOException | RuntimeException | Error e) {
                readFailed(input, handle, buffer, e);
            } finally {
                if (!readPending && !config.isAutoRead()) {
                    registration.wantRead(false);
                }
            }
        }

        @SuppressWarnings("deprecation")
        private void readFailed(
                V4vInput input, RecvByteBufAllocator.Handle handle, @Nullable ByteBuf buffer, Throwable cause) {
            if (buffer != null && buffer.isReadable()) {
                readPending = false;
                pipeline().fireChannelRead(buffer);
            } else if (buffer != null) {
                buffer.release();
            }
            handle.readComplete();
            pipeline().fireChannelReadComplete();
            pipeline().fireExceptionCaught(cause);
            if (cause instanceof IOException || cause instanceof OutOfMemoryError) {
                endInput(input);
            }
        }

        /** The first time the peer's end, with half-closure another time: as Netty's sockets tell it. */
        private void endInput(V4vInput input) {
            if (closed) {
                return;
            }
            if (!isInputShutdown) {
                if (config.isAllowHalfClosure()) {
                    isInputShutdown = true;
                    pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
                } else {
                    close(voidPromise());
                }
            } else if (!isInputDone) {
                isInputDone = true;
                input.discard();
                pipeline().fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
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
