package org.v4vgpu.v4v.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Brings what arrives to a channel's handlers when they want it, and tells them the end once, as Netty's sockets do. Confined to the
 * event loop, but for {@link #isShutdown} and {@link #shutdown}, which are safe for any thread.
 */
final class InputDelivery {
    private final V4vChannel channel;
    private final LoopRegistration registration;

    private volatile boolean isShutdown;

    private boolean readPending;

    /** The end has been told in full; what comes all the same is thrown away. */
    private boolean isDone;

    InputDelivery(V4vChannel channel, LoopRegistration registration) {
        this.channel = channel;
        this.registration = registration;
    }

    boolean isShutdown() {
        return isShutdown;
    }

    void shutdown() {
        isShutdown = true;
    }

    /** Somebody wants to read. */
    void want() {
        readPending = true;
        if (!isDone) {
            registration.wantRead(true);
        }
    }

    /** Nobody wants to read any more. */
    void clearPending() {
        readPending = false;
        registration.wantRead(false);
    }

    /** Whether {@link #read} would find something to do. */
    boolean isReady(V4vInput input) {
        return isDone ? !input.isEnded() && input.isReadable() : isShutdown || input.isReadable();
    }

    @SuppressWarnings("deprecation") // the handle's type: nothing has replaced it
    void read(V4vInput input) {
        if (isDone) {
            input.discard();
            return;
        }
        V4vChannelConfig config = channel.config();
        if (isShutdown && !config.isAllowHalfClosure()) {
            end(input);
            return;
        }
        ChannelPipeline pipeline = channel.pipeline();
        RecvByteBufAllocator.Handle handle = channel.unsafe().recvBufAllocHandle();
        handle.reset(config);
        ByteBuf buffer = null;
        boolean ended = false;
        try {
            do {
                buffer = handle.allocate(config.getAllocator());
                handle.attemptedBytesRead(buffer.writableBytes());
                handle.lastBytesRead(isShutdown ? -1 : input.read(buffer));
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
            } while (channel.isOpen() && handle.continueReading());
            handle.readComplete();
            pipeline.fireChannelReadComplete();
            if (ended) {
                end(input);
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
        ChannelPipeline pipeline = channel.pipeline();
        if (buffer != null && buffer.isReadable()) {
            readPending = false;
            pipeline.fireChannelRead(buffer);
        } else if (buffer != null) {
            buffer.release();
        }
        handle.readComplete();
        pipeline.fireChannelReadComplete();
        pipeline.fireExceptionCaught(cause);
        if (cause instanceof IOException || cause instanceof OutOfMemoryError) {
            end(input);
        }
    }

    /** The first time the peer's end, with half-closure another time: as Netty's sockets tell it. */
    private void end(V4vInput input) {
        if (!channel.isOpen()) {
            return;
        }
        if (!isShutdown) {
            if (channel.config().isAllowHalfClosure()) {
                isShutdown = true;
                channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            } else {
                channel.unsafe().close(channel.unsafe().voidPromise());
            }
        } else if (!isDone) {
            isDone = true;
            input.discard();
            channel.pipeline().fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
        }
    }
}
