package org.v4vgpu.v4v.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.FileRegion;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.PeerLostException;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.connection.V4vConnection;
import org.v4vgpu.v4v.ring.DoorbellPanel;
import org.v4vgpu.v4v.socket.StreamDescriptor;
import org.v4vgpu.v4v.socket.StreamRules;

/**
 * The bytes that leave over a connection, as {@link StreamDescriptor} says: each write becomes one record, gathered straight in the
 * peer's ring. Confined to the event loop.
 */
final class V4vOutput implements WritableByteChannel {
    private static final int MOST_BUFFERS = 1024;

    private final V4vConnection connection;
    private final SendRing out;
    private final int chunkBytes;

    /** What did not fit the last time. */
    private int lackingBytes;

    private boolean ended;

    V4vOutput(V4vConnection connection) {
        this.connection = connection;
        this.out = connection.out();
        this.chunkBytes = StreamDescriptor.chunkBytes(out.lengthBytes());
    }

    /** Whether what did not fit the last time would fit now, or never will. */
    boolean hasSpace() {
        try {
            return out.isReady(lackingBytes + StreamDescriptor.RESERVED_BYTES);
        } catch (IOException e) {
            return true; // the write finds it again and tells
        }
    }

    void watch(DoorbellPanel panel) {
        panel.add(out);
    }

    /**
     * Writes some of what was flushed, which must not be empty: as much of the leading buffers as one record takes, or some of a file.
     *
     * @return whether there was space for it
     */
    boolean write(ChannelOutboundBuffer flushed) throws IOException {
        return switch (flushed.current()) {
            case FileRegion region -> write(flushed, region);
            case ByteBuf _ -> writeBuffers(flushed);
            case Object other ->
                throw new UnsupportedOperationException(
                        "message of type " + other.getClass().getName());
        };
    }

    private boolean writeBuffers(ChannelOutboundBuffer flushed) throws IOException {
        ByteBuffer[] buffers = flushed.nioBuffers(MOST_BUFFERS, chunkBytes);
        int count = flushed.nioBufferCount();
        int bytes = (int) Math.min(flushed.nioBufferSize(), chunkBytes);
        if (bytes > 0) {
            try {
                if (!claim(bytes)) {
                    return false;
                }
                gather(buffers, count, bytes);
                out.commit(StreamDescriptor.BYTES);
            } catch (ArgoException e) {
                throwUnlessUnwanted(e);
            } catch (IllegalStateException e) {
                throw gone(e);
            }
        }
        flushed.removeBytes(bytes); // runs listeners, which may write, flush or close; also removes what has no bytes
        return true;
    }

    /** Copies the leading bytes into the claimed record, and moves the positions: Netty hands out the same buffers again. */
    private void gather(ByteBuffer[] buffers, int count, int bytes) {
        int at = 0;
        for (int i = 0; i < count && at < bytes; i++) {
            ByteBuffer buffer = buffers[i];
            int length = Math.min(buffer.remaining(), bytes - at);
            out.put(at, MemorySegment.ofBuffer(buffer), 0, length);
            buffer.position(buffer.position() + length);
            at += length;
        }
    }

    private boolean write(ChannelOutboundBuffer flushed, FileRegion region) throws IOException {
        lackingBytes = 0;
        if (region.transferred() < region.count()) {
            long bytes = region.transferTo(this, region.transferred());
            if (bytes < 0) {
                throw new IOException("the file ended before the region of " + region.count() + " bytes");
            }
            if (bytes == 0) {
                return false;
            }
            flushed.progress(bytes);
        }
        if (region.transferred() >= region.count()) {
            flushed.remove();
        }
        return true;
    }

    /** For a file region: writes what fits one record, or nothing if there is no space for that. */
    @Override
    public int write(ByteBuffer source) throws IOException {
        int bytes = Math.min(source.remaining(), chunkBytes);
        if (bytes > 0) {
            try {
                if (!claim(bytes)) {
                    return 0;
                }
                out.put(0, MemorySegment.ofBuffer(source), 0, bytes);
                out.commit(StreamDescriptor.BYTES);
            } catch (ArgoException e) {
                throwUnlessUnwanted(e);
            } catch (IllegalStateException e) {
                throw gone(e);
            }
            source.position(source.position() + bytes);
        }
        return bytes;
    }

    private boolean claim(int bytes) throws IOException {
        boolean fits = StreamRules.claim(out, bytes);
        lackingBytes = fits ? 0 : bytes;
        return fits;
    }

    /** Bytes for a peer that has only shut its input down are thrown away. */
    private void throwUnlessUnwanted(ArgoException e) throws IOException {
        if (StreamRules.isUnwanted(e, connection.in())) {
            return;
        }
        if (StreamRules.isClosed(e, connection.in())) {
            throw new IOException(StreamRules.brokenPipe(connection.peer()), e);
        }
        throw e.error() == ArgoError.ESRCH ? new PeerLostException(connection.peer() + " died or vanished") : e;
    }

    private IOException gone(IllegalStateException e) {
        return new IOException("this process has left its domain, or the connection to " + connection.peer(), e);
    }

    /** Says that nothing more will be written. Never waits: {@link #claim} has left space for it. Idempotent. */
    void end() throws IOException {
        if (ended) {
            return;
        }
        ended = true;
        try {
            if (!out.claim(0)) {
                throw new IOException("no space for the end of the stream to " + connection.peer());
            }
            out.commit(StreamDescriptor.END);
        } catch (ArgoException e) {
            return; // the peer has gone and needs no end
        } catch (IllegalStateException e) {
            throw gone(e);
        }
    }

    @Override
    public boolean isOpen() {
        return !ended;
    }

    /** The channel closes the connection, not a file region that has been given this. */
    @Override
    public void close() {}
}
