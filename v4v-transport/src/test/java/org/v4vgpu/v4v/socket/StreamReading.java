package org.v4vgpu.v4v.socket;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import org.v4vgpu.v4v.connection.V4vConnection;

/** The reading half of a socket, for a test that compares it with another reader. Confined to one thread. */
public final class StreamReading {
    private final StreamReceiver receiver;

    public StreamReading(V4vConnection connection) {
        receiver = new StreamReceiver(connection.in(), connection.out(), connection.peer());
    }

    /** Appends some bytes; 0 if there are none now, -1 at the end. */
    public int read(ByteArrayOutputStream bytes, int most) throws IOException {
        byte[] some = new byte[most];
        int count;
        try {
            count = receiver.read(some, 0, most, 1);
        } catch (SocketTimeoutException e) {
            return 0;
        }
        if (count > 0) {
            bytes.write(some, 0, count);
        }
        return count;
    }
}
