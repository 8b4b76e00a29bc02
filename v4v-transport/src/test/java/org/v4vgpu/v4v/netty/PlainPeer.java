package org.v4vgpu.v4v.netty;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.connection.V4vConnection;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.socket.StreamDescriptor;

/** A peer that is no Netty channel: it writes records into the ring. One thread uses it. */
final class PlainPeer implements AutoCloseable {
    private final V4vHypervisor domain;
    private @Nullable V4vConnection connection;

    PlainPeer(V4vHypervisor domain) {
        this.domain = domain;
    }

    void connect(V4vAddress address) throws IOException {
        connection = V4vConnections.open(domain, address, 10_000_000_000L, 1 << 17, _ -> {});
    }

    void write(int octet) throws IOException {
        record(StreamDescriptor.BYTES, (byte) octet);
    }

    void shutdownOutput() throws IOException {
        record(StreamDescriptor.END);
    }

    void record(int type, byte... message) throws IOException {
        V4vConnection current = connected();
        if (!current.out().claim(message.length)) {
            throw new IOException("the ring is full");
        }
        current.out().put(0, MemorySegment.ofArray(message), 0, message.length);
        current.out().commit(type);
    }

    V4vConnection connected() throws IOException {
        V4vConnection current = connection;
        if (current == null) {
            throw new IOException("not connected");
        }
        return current;
    }

    @Override
    public void close() {
        V4vConnection current = connection;
        if (current != null) {
            connection = null;
            current.close();
        }
    }
}
