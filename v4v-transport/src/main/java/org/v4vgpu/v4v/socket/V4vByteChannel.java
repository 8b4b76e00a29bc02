package org.v4vgpu.v4v.socket;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import org.v4vgpu.v4v.V4vAddress;

/**
 * A connection as a blocking channel of {@code java.nio}, for buffers on or off the heap. Safe for any thread; one reads and one writes
 * at a time, the others wait.
 *
 * <p>A read waits for a byte and takes what there is; a write takes the whole buffer. Timeouts are the socket's alone. Closing it ends
 * what others wait for with {@link AsynchronousCloseException}. Neither read nor write allocates while it is used with the same
 * buffer.
 */
public final class V4vByteChannel implements ByteChannel {
    private final V4vSocket socket;
    private final V4vStream stream;

    V4vByteChannel(V4vSocket socket, V4vStream stream) {
        this.socket = socket;
        this.stream = stream;
    }

    /** Connects from the process's own domain; as {@link V4vSocket#connect(java.net.SocketAddress, int)}. */
    public static V4vByteChannel connect(V4vAddress address, int timeoutMillis) throws IOException {
        V4vSocket socket = new V4vSocket();
        socket.connect(address, timeoutMillis);
        return socket.byteChannel();
    }

    /** The socket, for its addresses and options. */
    public V4vSocket socket() {
        return socket;
    }

    V4vStream stream() {
        return stream;
    }

    @Override
    public int read(ByteBuffer destination) throws IOException {
        ensureOpen();
        try {
            return stream.receiver().read(destination);
        } catch (SocketException e) {
            throw closedMeanwhile(e);
        }
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        ensureOpen();
        try {
            return stream.sender().write(source);
        } catch (SocketException e) {
            throw closedMeanwhile(e);
        }
    }

    private void ensureOpen() throws ClosedChannelException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
    }

    private IOException closedMeanwhile(SocketException e) {
        return isOpen() ? e : (IOException) new AsynchronousCloseException().initCause(e);
    }

    @Override
    public boolean isOpen() {
        return !socket.isClosed();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
