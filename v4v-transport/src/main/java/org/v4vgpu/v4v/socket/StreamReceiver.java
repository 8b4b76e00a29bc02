package org.v4vgpu.v4v.socket;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;

/**
 * The incoming direction of a byte stream. Safe for any thread: one reads at a time, the others wait; {@link #shutdown} and {@link
 * #close} end a wait.
 *
 * <p>Bytes are copied once, from the ring to where the caller wants them. A read allocates nothing. It takes what there is of
 * all records that have come, and gives their space back together.
 */
final class StreamReceiver {
    private static final int BATCHES_PER_RING = 8;

    /** A connector that gives up never writes our ring; its own ring tells, but rings no bell of ours. */
    private static final long LOOK_AROUND_NANOS = 1_000_000_000L;

    private final ReceiveRing in;
    private final SendRing out;
    private final V4vAddress peer;
    private final int batchBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean closed;
    private volatile boolean shut;

    // Guarded by the lock.
    private final HeapSegments segments = new HeapSegments();
    private final ArrayDeque<RecordAhead> ahead = new ArrayDeque<>(0);

    /** The record being read; null where it is the ring's current one. */
    private @Nullable RecordAhead current;

    private int at;
    private int left;
    private long spent;
    private long givenBack;

    /** A record has come: the peer has attached. */
    private boolean heard;

    private boolean endSeen;
    private boolean endReturned;
    private boolean holdsRing;
    private @Nullable String broken;

    private enum Step {
        RECORD,
        SKIPPED,
        NOTHING
    }

    StreamReceiver(ReceiveRing in, SendRing out, V4vAddress peer) {
        this.in = in;
        this.out = out;
        this.peer = peer;
        this.batchBytes = in.lengthBytes() / BATCHES_PER_RING;
    }

    /**
     * Reads at least one byte, waiting for it.
     *
     * @param timeoutMillis 0 for ever
     * @return the bytes read, -1 at the end of the stream, 0 if none were wanted
     * @throws SocketTimeoutException after the time; the stream can be read on
     * @throws SocketException if the socket is closed or the connection lost
     */
    int read(byte[] destination, int offset, int length, int timeoutMillis) throws IOException {
        Objects.checkFromIndexSize(offset, length, destination.length);
        if (length == 0) {
            return 0;
        }
        long leftNanos = acquire(timeoutMillis);
        try {
            if (!await(leftNanos, timeoutMillis)) {
                return -1;
            }
            if (!HeapSegments.isTiny(length)) {
                return take(segments.of(destination), offset, length);
            }
            int bytes = take(segments.tiny(), 0, length);
            segments.copyTinyTo(destination, offset, bytes);
            return bytes;
        } catch (IllegalStateException e) {
            throw ringGone(e);
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #read(byte[], int, int, int)}, into the rest of a buffer; moves its position. */
    int read(ByteBuffer destination) throws IOException {
        if (destination.isReadOnly()) {
            throw new IllegalArgumentException("the buffer is read-only");
        }
        if (!destination.hasRemaining()) {
            return 0;
        }
        lock.lock();
        try {
            if (!await(Long.MAX_VALUE, 0)) {
                return -1;
            }
            int bytes = take(segments.of(destination), destination.position(), destination.remaining());
            destination.position(destination.position() + bytes);
            return bytes;
        } catch (IllegalStateException e) {
            throw ringGone(e);
        } finally {
            lock.unlock();
        }
    }

    /** Takes the lock and says what is left of the time. */
    private long acquire(int timeoutMillis) throws SocketTimeoutException {
        if (timeoutMillis == 0) {
            lock.lock();
            return Long.MAX_VALUE;
        }
        long timeout = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        if (lock.tryLock()) {
            return timeout;
        }
        long start = System.nanoTime();
        boolean interrupted = false;
        try {
            while (true) {
                long nanos = timeout - (System.nanoTime() - start);
                try {
                    if (nanos > 0 && lock.tryLock(nanos, TimeUnit.NANOSECONDS)) {
                        return timeout - (System.nanoTime() - start);
                    }
                    throw timedOut(timeoutMillis);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private SocketTimeoutException timedOut(int timeoutMillis) {
        return new SocketTimeoutException("Read timed out: nothing from " + peer + " in " + timeoutMillis + " ms");
    }

    /** Waits for a byte. False at the end of the stream. */
    private boolean await(long timeoutNanos, int timeoutMillis) throws IOException {
        if (endReturned) {
            return false; // even when closed, as java.net has it
        }
        ensureOpen();
        if (!shut && (left > 0 || advance() == Step.RECORD)) {
            return true;
        }
        long start = timeoutNanos == Long.MAX_VALUE ? 0 : System.nanoTime();
        while (true) {
            if (shut) {
                endReturned = true;
                return false;
            }
            // Asked before the look at the ring: what the peer wrote before its end can still be read.
            boolean finished = in.isFinished();
            boolean alive = in.isPartnerAlive();
            boolean neverCame = !heard && !out.isPartnerAlive();
            Step step = advance();
            if (step == Step.RECORD) {
                return true;
            }
            ensureOpen();
            if (step == Step.NOTHING && !shut) {
                if (broken != null) {
                    throw new SocketException(broken);
                }
                if (endSeen) {
                    endReturned = true;
                    return false;
                }
                if (finished || !alive || neverCame) { // without END: nobody who closes leaves it out
                    throw lost(alive);
                }
            }
            if (spent != givenBack && !shut) {
                giveBack(); // records without bytes, which would otherwise fill the ring
            }
            long nanos = timeoutNanos == Long.MAX_VALUE ? timeoutNanos : timeoutNanos - (System.nanoTime() - start);
            if (nanos <= 0) {
                throw timedOut(timeoutMillis);
            }
            if (!shut) {
                var _ = awaitRecord(heard ? nanos : Math.min(nanos, LOOK_AROUND_NANOS));
            }
        }
    }

    private boolean awaitRecord(long nanos) throws IOException {
        try {
            return in.await(nanos);
        } catch (RingCorruptedException e) {
            broken = "Connection reset: " + e.getMessage();
            return false;
        }
    }

    private void ensureOpen() throws SocketException {
        if (closed) {
            throw new SocketException("Socket closed");
        }
    }

    private SocketException lost(boolean alive) {
        broken = alive ? StreamRules.leftWithoutEnd(peer) : "Connection reset: " + peer + " died or vanished";
        return new SocketException(broken);
    }

    private SocketException ringGone(IllegalStateException e) {
        SocketException gone =
                new SocketException(closed ? "Socket closed" : "Connection reset: this process has left its domain");
        gone.initCause(e);
        return gone;
    }

    /** Makes the next record that has come the current one. Only while nothing is left of the one before. */
    private Step advance() throws IOException {
        RecordAhead first = ahead.poll();
        if (first != null) {
            current = first;
            at = 0;
            left = first.bytes();
            return Step.RECORD;
        }
        current = null;
        int bytes = nextRecord();
        if (bytes <= 0) {
            return bytes == 0 ? Step.SKIPPED : Step.NOTHING;
        }
        at = 0;
        left = bytes;
        return Step.RECORD;
    }

    /** Moves the ring to its next record. The bytes in it; 0 if it has none; -1 if there is no record. */
    private int nextRecord() throws IOException {
        try {
            if (endSeen || broken != null || !in.next()) {
                return -1;
            }
        } catch (RingCorruptedException e) {
            broken = "Connection reset: " + e.getMessage();
            return -1;
        }
        heard = true;
        int bytes = 0;
        switch (in.messageType()) {
            case StreamDescriptor.BYTES -> bytes = in.messageBytes();
            case StreamDescriptor.END -> endSeen = true;
            default -> broken = StreamRules.brokenBy(in.messageType(), peer);
        }
        if (endSeen || broken != null) {
            return -1; // nothing is read after it, so its space may stay
        }
        if (bytes == 0) {
            spent = in.position();
        }
        return bytes;
    }

    private int take(MemorySegment destination, long offset, int length) throws IOException {
        int done = 0;
        while (done < length && (left > 0 || advance() == Step.RECORD)) {
            int bytes = Math.min(left, length - done);
            if (current == null) {
                in.copy(at, destination, offset + done, bytes);
            } else {
                current.copy(at, destination, offset + done, bytes);
            }
            at += bytes;
            left -= bytes;
            done += bytes;
            if (left == 0) {
                spent = current == null ? in.position() : current.end();
                if (spent - givenBack >= batchBytes) {
                    giveBack();
                }
            }
        }
        if (spent != givenBack) {
            giveBack();
        }
        return done;
    }

    private void giveBack() {
        // Records that were looked at and are empty may lie before one that is not read yet.
        givenBack = spent;
        in.release(spent);
    }

    /**
     * The bytes that can be read without waiting. 0 while another thread reads. Allocates for each record that it finds: their bytes
     * stay in the ring, only their places are kept.
     */
    int available() throws IOException {
        ensureOpen();
        if (shut || !lock.tryLock()) {
            return 0;
        }
        try {
            if (endReturned || shut) {
                return 0;
            }
            if (left == 0) {
                while (advance() == Step.SKIPPED) {
                    ensureOpen();
                }
            }
            while (hasMore()) {
                if (current == null && left > 0) {
                    current = new RecordAhead(in.payload(at, left), in.position());
                    at = 0;
                }
                lookAtNext();
            }
            long bytes = left;
            for (RecordAhead record : ahead) {
                bytes += record.bytes();
            }
            return (int) Math.min(bytes, Integer.MAX_VALUE);
        } catch (IllegalStateException e) {
            throw ringGone(e);
        } finally {
            lock.unlock();
        }
    }

    private boolean hasMore() throws IOException {
        return !endSeen && broken == null && !closed && awaitRecord(0);
    }

    private void lookAtNext() throws IOException {
        long before = spent;
        int bytes = nextRecord();
        if (bytes > 0) {
            ahead.add(new RecordAhead(in.payload(0, bytes), in.position()));
        } else {
            spent = before; // it lies behind bytes that are not read yet
        }
    }

    /** Throws away what comes from now on. Reads end; the ring goes, by which the peer's writes learn that nobody reads. */
    void shutdown() {
        shut = true;
        in.wake();
        lock.lock();
        try {
            if (!closed && !holdsRing) {
                holdsRing = in.hold(); // the ring still says whether the peer has ended
                in.close();
            }
        } finally {
            lock.unlock();
        }
    }

    /** First half of a close: readers leave. */
    void beginClose() {
        closed = true;
        in.wake();
    }

    /** Second half, when no reader is left that touches the ring. */
    void close() {
        lock.lock();
        try {
            segments.forget();
            ahead.clear();
            in.close();
            if (holdsRing) {
                holdsRing = false;
                in.letGo();
            }
        } finally {
            lock.unlock();
        }
    }
}
