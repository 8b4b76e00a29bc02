package org.v4vgpu.v4v.netty;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketException;
import org.v4vgpu.v4v.Payload;
import org.v4vgpu.v4v.PeerLostException;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.connection.V4vConnection;
import org.v4vgpu.v4v.ring.DoorbellPanel;
import org.v4vgpu.v4v.socket.StreamDescriptor;
import org.v4vgpu.v4v.socket.StreamRules;

/**
 * The bytes that arrive over a connection, as {@link StreamDescriptor} says; copied once, from the ring into the buffer. Confined to
 * the event loop.
 */
final class V4vInput {
    /** Records without bytes that one read skips: a peer could send them for ever. */
    private static final int MOST_EMPTY_RECORDS = 64;

    private static final int BATCHES_PER_RING = 8;

    private final V4vConnection connection;
    private final ReceiveRing in;

    // The record that is being read, and up to where the ring's space is ours still.
    private int at;
    private int left;
    private long spent;
    private long givenBack;

    /** A record has come: the peer has attached. */
    private boolean heard;

    private boolean ended;

    V4vInput(V4vConnection connection) {
        this.connection = connection;
        this.in = connection.in();
        this.spent = in.position();
        this.givenBack = spent;
    }

    /** Whether {@link #read} would find something or throw. */
    boolean isReadable() {
        try {
            return left > 0 || ended || in.isReady();
        } catch (IOException e) {
            return true; // the read finds it again and tells
        }
    }

    /** Whether nothing follows, for whatever reason. */
    boolean isEnded() {
        return ended;
    }

    /** Whether the peer has closed or died, rather than only stopped reading. */
    boolean isPeerGone() {
        return StreamRules.isPeerGone(in) || neverCame();
    }

    /** A connector that gives up never writes our ring; its own ring tells, but rings no bell of ours. */
    private boolean neverCame() {
        return !heard && !connection.out().isPartnerAlive();
    }

    void watch(DoorbellPanel panel) {
        panel.add(in);
    }

    /**
     * Moves what there is into a buffer's writable bytes.
     *
     * @return how many; 0 if there are none now, -1 if none will come
     * @throws IOException if the peer died or the connection broke; the buffer may have got bytes all the same
     */
    int read(ByteBuf buffer) throws IOException {
        int start = buffer.writerIndex();
        try {
            int empty = 0;
            while (buffer.isWritable() && empty < MOST_EMPTY_RECORDS && (left > 0 || advance())) {
                if (left == 0) {
                    empty++;
                } else {
                    take(buffer, Math.min(left, buffer.writableBytes()));
                }
                if (left == 0) {
                    spent = in.position();
                    giveBack(in.lengthBytes() / BATCHES_PER_RING);
                }
            }
            giveBack(1);
        } catch (IllegalStateException e) {
            throw gone(e);
        }
        int bytes = buffer.writerIndex() - start;
        return bytes == 0 && ended ? -1 : bytes;
    }

    private void take(ByteBuf buffer, int bytes) {
        int index = buffer.writerIndex();
        if (buffer.nioBufferCount() == 1) {
            in.copy(at, MemorySegment.ofBuffer(buffer.internalNioBuffer(index, bytes)), 0, bytes);
            buffer.writerIndex(index + bytes);
        } else {
            Payload payload = in.payload(at, bytes);
            buffer.writeBytes(payload.first().asByteBuffer());
            buffer.writeBytes(payload.second().asByteBuffer());
        }
        at += bytes;
        left -= bytes;
    }

    private void giveBack(int least) {
        if (spent - givenBack >= least) {
            givenBack = spent;
            in.release(spent);
        }
    }

    /** Moves to the next record, which may have no bytes. False if there is none; then the stream may have ended. */
    private boolean advance() throws IOException {
        if (ended) {
            return false;
        }
        // Asked before the look at the ring: what the peer wrote before its end can still be read.
        try {
            if (in.next()) {
                return accept();
            }
            boolean finished = in.isFinished();
            boolean alive = in.isPartnerAlive();
            boolean neverCame = neverCame();
            if (in.next()) {
                return accept();
            }
            if (finished || !alive || neverCame) { // without END: nobody who closes leaves it out
                ended = true;
                throw lost(alive);
            }
            return false;
        } catch (RingCorruptedException e) {
            ended = true;
            throw e;
        }
    }

    private IOException lost(boolean alive) {
        return alive
                ? new SocketException(StreamRules.leftWithoutEnd(connection.peer()))
                : new PeerLostException(connection.peer() + " died or vanished");
    }

    private boolean accept() throws IOException {
        heard = true;
        int type = in.messageType();
        if (type == StreamDescriptor.BYTES) {
            at = 0;
            left = in.messageBytes();
            return true;
        }
        ended = true;
        if (type == StreamDescriptor.END) {
            return false;
        }
        throw new SocketException(StreamRules.brokenBy(type, connection.peer()));
    }

    private IOException gone(IllegalStateException e) {
        ended = true;
        return new IOException("this process has left its domain, or the connection to " + connection.peer(), e);
    }

    /** Takes what there is and throws it away, so that the peer's writes end. */
    void discard() {
        try {
            left = 0;
            for (int i = 0; i < MOST_EMPTY_RECORDS && advance(); i++) {
                left = 0;
            }
            spent = in.position();
            giveBack(1);
        } catch (IOException | IllegalStateException e) {
            ended = true; // nobody wants to know
        }
    }

    /** Nothing is read any more. */
    void close() {
        ended = true;
        left = 0;
    }
}
