package org.v4vgpu.bench.link;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;

/**
 * A link over plain blocking sockets, TCP or Unix-domain: TCP_NODELAY where it applies, native memory, a header and the message in
 * one gathering write, and the same in one scattering read.
 */
final class SocketLink implements Link {
    private final SocketChannel socket;
    private final ByteBuffer header =
            ByteBuffer.allocateDirect(Command.ENCODED_BYTES).order(ByteOrder.nativeOrder());
    private final ByteBuffer[] parts = {header, header};

    SocketLink(SocketChannel socket) throws IOException {
        this.socket = socket;
        if (socket.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
    }

    static SocketLink connect(SocketAddress address) throws IOException {
        return new SocketLink(SocketChannel.open(address));
    }

    @Override
    public void command(Command command) throws IOException {
        header.clear()
                .putInt(command.verb().number())
                .putInt(command.bytes())
                .putInt(command.messages())
                .flip();
        while (header.hasRemaining()) {
            socket.write(header);
        }
    }

    @Override
    public Command command() throws IOException {
        header.clear();
        while (header.hasRemaining()) {
            ensureOpen(socket.read(header));
        }
        return new Command(Verb.of(header.getInt(0)), header.getInt(4), header.getInt(8));
    }

    @Override
    public void send(MemorySegment message) throws IOException {
        ByteBuffer body = message.asByteBuffer();
        header.clear();
        parts[1] = body;
        while (body.hasRemaining()) {
            socket.write(parts);
        }
    }

    @Override
    public void receive(MemorySegment into) throws IOException {
        ByteBuffer body = into.asByteBuffer();
        header.clear();
        parts[1] = body;
        while (body.hasRemaining()) {
            ensureOpen(socket.read(parts));
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private static void ensureOpen(long read) throws EOFException {
        if (read < 0) {
            throw new EOFException("the peer closed its end");
        }
    }
}
