package org.v4vgpu.v4v.tcp;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.v4vgpu.v4v.ring.IdleStrategy;

/**
 * A non-blocking socket, driven by the calling threads: they read and write it themselves, and wait in a selector only when nothing can
 * be done. One thread reads, one writes, {@link #close} is for any.
 */
final class SocketByteStream implements ByteStream {
    private final SocketChannel socket;
    private final Selector readable;
    private final Selector writable;

    /** The writer's. */
    private final ByteBuffer[] both = new ByteBuffer[2];

    /** Takes ownership of a connected, non-blocking socket unless it throws. */
    SocketByteStream(SocketChannel socket) throws IOException {
        this.socket = socket;
        this.readable = selectorOf(socket, SelectionKey.OP_READ);
        try {
            this.writable = selectorOf(socket, SelectionKey.OP_WRITE);
        } catch (IOException | RuntimeException e) {
            readable.close();
            throw e;
        }
    }

    /** A selector for one operation of one channel. Nothing stays open if it throws. */
    static Selector selectorOf(SelectableChannel channel, int operation) throws IOException {
        Selector selector = Selector.open();
        try {
            channel.register(selector, operation);
            return selector;
        } catch (IOException | RuntimeException e) {
            selector.close();
            throw e;
        }
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        return socket.read(into);
    }

    @Override
    public void awaitReadable(long timeoutNanos) throws IOException {
        await(readable, timeoutNanos == Long.MAX_VALUE ? 0 : timeoutNanos / 1_000_000 + 1);
    }

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        both[0] = first;
        both[1] = second;
        long stuck = 0;
        while (first.hasRemaining() || second.hasRemaining()) {
            long written = second.hasRemaining() ? socket.write(both) : socket.write(first);
            if (written > 0) {
                stuck = 0;
                continue;
            }
            stuck = stuck == 0 ? System.nanoTime() : stuck;
            if (!IdleStrategy.spin(stuck)) {
                await(writable, 0);
            }
        }
    }

    private void await(Selector selector, long timeoutMillis) throws IOException {
        boolean interrupted = Thread.interrupted(); // it would make the selection return at once
        try {
            selector.select(timeoutMillis);
            selector.selectedKeys().clear();
        } catch (ClosedSelectorException e) {
            throw closed(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        if (!socket.isOpen()) {
            throw new ClosedChannelException();
        }
    }

    private static ClosedChannelException closed(ClosedSelectorException cause) {
        ClosedChannelException closed = new ClosedChannelException();
        closed.initCause(cause);
        return closed;
    }

    @Override
    public boolean writes(MemorySegment memory) {
        return true;
    }

    @Override
    public void writeLast(ByteBuffer last) throws IOException {
        socket.write(last);
        socket.shutdownOutput();
    }

    @Override
    public int receiveBufferBytes() throws IOException {
        return socket.getOption(StandardSocketOptions.SO_RCVBUF);
    }

    @Override
    public void close() throws IOException {
        socket.close();
        readable.close(); // wakes whoever waits in it
        writable.close();
    }
}
