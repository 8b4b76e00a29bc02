package org.v4vgpu.v4v.socket;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;

/**
 * The outgoing direction of a byte stream. Safe for any thread: one writes at a time, the others wait; {@link #shutdown} and {@link
 * #close} end a wait.
 *
 * <p>Bytes are copied once, from the caller's memory into the peer's ring. A write allocates nothing, and when it returns the
 * bytes are in the ring: they outlive this process.
 */
final class StreamSender {
    private static final Logger LOG = System.getLogger(StreamSender.class.getName());

    private final SendRing out;
    private final ReceiveRing in;
    private final V4vAddress peer;
    private final int chunkBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean closed;
    private volatile boolean shut;
    private volatile boolean spoke;

    // Guarded by the lock.
    private final HeapSegments segments = new HeapSegments();
    private boolean ended;

    /** @param in of the other direction; knows whether the peer has closed */
    StreamSender(SendRing out, ReceiveRing in, V4vAddress peer) {
        this.out = out;
        this.in = in;
        this.peer = peer;
        this.chunkBytes = StreamDescriptor.chunkBytes(out.lengthBytes());
    }

    /**
     * Writes all bytes, waiting for space. Bytes for a peer that has shut its input down are thrown away.
     *
     * @throws SocketException if the socket is closed, its output shut down, or the connection lost; some bytes may have been written
     */
    void write(byte[] source, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, source.length);
        if (length == 0) {
            return;
        }
        lock.lock();
        try {
            if (HeapSegments.isTiny(length)) {
                send(segments.tinyCopy(source, offset, length), 0, length);
            } else {
                send(segments.of(source), offset, length);
            }
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #write(byte[], int, int)}, all that is left of a buffer; moves its position. */
    int write(ByteBuffer source) throws IOException {
        int bytes = source.remaining();
        lock.lock();
        try {
            ensureWritable();
            send(segments.of(source), source.position(), bytes);
            source.position(source.limit());
            return bytes;
        } finally {
            lock.unlock();
        }
    }

    private void send(MemorySegment source, long offset, int length) throws IOException {
        try {
            int done = 0;
            while (done < length) {
                int bytes = Math.min(length - done, chunkBytes);
                if (!awaitClaim(bytes)) {
                    return;
                }
                out.put(0, source, offset + done, bytes);
                out.commit(StreamDescriptor.BYTES);
                done += bytes;
            }
        } catch (IllegalStateException e) {
            SocketException gone = new SocketException(
                    closed ? "Socket closed" : "Connection reset: this process has left its domain");
            gone.initCause(e);
            throw gone;
        }
    }

    /** False if nobody wants the bytes: the peer has shut its input down. */
    private boolean awaitClaim(int bytes) throws IOException {
        ensureWritable();
        try {
            while (!StreamRules.claim(out, bytes)) {
                var _ = out.awaitSpace(bytes + StreamDescriptor.RESERVED_BYTES, Long.MAX_VALUE);
                ensureWritable();
            }
            spoke = true;
            return true;
        } catch (ArgoException e) {
            if (StreamRules.isUnwanted(e, in)) {
                return false;
            }
            throw lost(e);
        } catch (SocketException e) {
            throw e;
        } catch (IOException e) {
            throw lost(e);
        }
    }

    private void ensureWritable() throws SocketException {
        if (closed) {
            throw new SocketException("Socket closed");
        }
        if (shut) {
            throw new SocketException("Socket output is shutdown");
        }
    }

    private SocketException lost(IOException cause) {
        String what = cause instanceof ArgoException refusal && StreamRules.isClosed(refusal, in)
                ? StreamRules.brokenPipe(peer)
                : "Connection reset: " + peer + ": " + cause.getMessage();
        SocketException lost = new SocketException(what);
        lost.initCause(cause);
        return lost;
    }

    /** An empty record if none went before: proof that this side exists, though it may close its own ring. */
    void greet() {
        if (!spoke) {
            lock.lock();
            try {
                if (!spoke && !closed && !shut && StreamRules.claim(out, 0)) {
                    out.commit(StreamDescriptor.BYTES);
                    spoke = true;
                }
            } catch (IOException | IllegalStateException e) {
                LOG.log(Level.DEBUG, "{0} can't be greeted: {1}", peer, e.getMessage());
            } finally {
                lock.unlock();
            }
        }
    }

    /** Says that nothing follows. A write that waits ends with an exception. Never waits for the peer. */
    void shutdown() {
        shut = true;
        out.wake();
        lock.lock();
        try {
            end(StreamDescriptor.END);
        } finally {
            lock.unlock();
        }
    }

    private void end(int type) {
        if (ended) {
            return;
        }
        ended = true;
        try {
            if (out.claim(0)) {
                out.commit(type);
            }
        } catch (IOException | IllegalStateException e) {
            LOG.log(Level.DEBUG, "{0} has gone before the end of its stream: {1}", peer, e.getMessage());
        }
    }

    /** First half of a close: writers leave. */
    void beginClose() {
        closed = true;
        out.wake();
    }

    /** Second half: says END or RESET, if nothing was said before. */
    void close(int lastType) {
        lock.lock();
        try {
            segments.forget();
            end(lastType);
        } finally {
            out.close();
            lock.unlock();
        }
    }
}
