package org.v4vgpu.v4v.socket;

import java.util.concurrent.atomic.AtomicBoolean;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.connection.V4vConnection;

/**
 * A byte stream in both directions over a connection's rings. Safe for any thread; reading and writing do not hinder each other.
 *
 * <p>How it ends:
 *
 * <pre>
 *   this side                what the peer reads            what the peer writes
 *   shutdownOutput           all bytes, then the end        goes on
 *   shutdownInput            goes on                        is thrown away
 *   close                    all bytes, then the end        SocketException: Broken pipe
 *   close, linger 0          all bytes, SocketException     SocketException: Broken pipe
 *   dies                     all bytes, SocketException     SocketException: Connection reset
 * </pre>
 *
 * <p>A close never waits for the peer: what was written lies in the peer's ring already.
 */
final class V4vStream {
    private final V4vConnection connection;
    private final StreamReceiver receiver;
    private final StreamSender sender;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Takes ownership of the connection. */
    V4vStream(V4vConnection connection) {
        this.connection = connection;
        this.receiver = new StreamReceiver(connection.in(), connection.out(), connection.peer());
        this.sender = new StreamSender(connection.out(), connection.in(), connection.peer());
    }

    StreamReceiver receiver() {
        return receiver;
    }

    StreamSender sender() {
        return sender;
    }

    V4vAddress local() {
        return connection.local();
    }

    V4vAddress peer() {
        return connection.peer();
    }

    int receiveBytes() {
        return connection.in().lengthBytes();
    }

    int sendBytes() {
        return connection.out().lengthBytes();
    }

    void shutdownInput() {
        sender.greet();
        receiver.shutdown();
    }

    void shutdownOutput() {
        sender.shutdown();
    }

    /** Closes; the peer reads all bytes and then the end. Threads that wait leave with an exception. Idempotent. */
    void close() {
        close(StreamDescriptor.END);
    }

    /** As {@link #close()}, but the peer reads an exception in the place of the end. */
    void reset() {
        close(StreamDescriptor.RESET);
    }

    private void close(int lastType) {
        if (closed.compareAndSet(false, true)) {
            receiver.beginClose();
            sender.beginClose();
            sender.close(lastType); // first: a peer that finds our ring gone must find the end, too
            receiver.close();
        }
    }
}
