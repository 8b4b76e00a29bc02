package org.v4vgpu.v4v.tcp;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** The exchange of preambles on a new, non-blocking socket. Confined to one thread. */
final class TcpPreamble {
    final SocketChannel socket;
    final long startNanos = System.nanoTime();
    private final ByteBuffer received = ByteBuffer.allocate(TcpDescriptor.PREAMBLE_BYTES);

    /** Sends ours; a new socket has space for it. */
    TcpPreamble(SocketChannel socket) throws IOException {
        this.socket = socket;
        ByteBuffer ours = TcpDescriptor.preamble();
        socket.write(ours);
        if (ours.hasRemaining()) {
            throw new IOException("no space for eight bytes in a new socket");
        }
    }

    /** Reads without waiting. True if the peer's is whole. */
    boolean advance() throws IOException {
        if (received.hasRemaining() && socket.read(received) < 0) {
            throw new EOFException("it closed the connection before it said what it speaks");
        }
        return !received.hasRemaining();
    }

    String foreignness() {
        return TcpDescriptor.foreignness(received.duplicate().flip());
    }
}
