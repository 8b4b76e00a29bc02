package org.v4vgpu.v4v.tcp;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.v4vgpu.v4v.ClaimedMessage;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.OutgoingMessage;
import org.v4vgpu.v4v.Payload;
import org.v4vgpu.v4v.PeerLostException;
import org.v4vgpu.v4v.TcpAddress;
import org.v4vgpu.v4v.ring.IdleStrategy;

/**
 * A message channel over a stream of bytes: a TCP socket, or what else is a {@link ByteStream}. One thread sends and one receives; {@link
 * #close} is safe for any.
 *
 * <p>The calling thread reads and writes the stream itself; there is no other thread. Small messages are gathered into one write, large
 * payloads in native memory are written where they lie, those on the heap pass through a staging buffer once.
 *
 * <p>A close while input is unread may reset the connection, as TCP does, and what was sent last be lost with it: who wants its last
 * words heard receives until the end of the stream first.
 */
public final class TcpMessageChannel implements MessageChannel {
    /**
     * Some 2 us between two looks for the rest of a frame. Each look takes the socket's lock from whoever fills it, and each read
     * acknowledges what it took and wakes the sender. Measured on a busy machine, 1 MiB: 190 us with this, 229 us with looks all the time.
     */
    private static final int SPINS_WITHIN_FRAME = 50;

    /** Up to here a payload is copied behind its header: cheaper than a second entry in the write. */
    private static final int GATHER_BYTES = 8 * 1024;

    private final ByteStream stream;
    private final String peer;
    private final TcpReceiver receiver;
    private final AtomicBoolean closed = new AtomicBoolean();

    // Two, for what came before a failed send can still be received: it may say why.
    private volatile boolean sendingBroken;
    private volatile boolean receivingBroken;

    /** Held while a frame is being written, so that no goodbye gets into it. */
    private final ReentrantLock writing = new ReentrantLock();

    private final MemorySegment staging = Arena.ofAuto().allocate(TcpDescriptor.MAXIMUM_FRAME_BYTES, 64);
    private final ByteBuffer stagingBuffer = staging.asByteBuffer();
    private final ByteBuffer nothing = stagingBuffer.slice(0, 0);
    private final StagedClaim claim = new StagedClaim();
    private boolean isClaimed;
    private int claimedPayloadBytes;
    private boolean outputEnded;

    /** Connects and exchanges preambles. */
    public static MessageChannel connect(TcpAddress address, long timeoutNanos) throws IOException {
        InetSocketAddress resolved = new InetSocketAddress(address.host(), address.port());
        if (resolved.isUnresolved()) {
            throw new IOException(address + ": unknown host " + address.host());
        }
        long start = System.nanoTime();
        SocketChannel socket = SocketChannel.open();
        try {
            prepare(socket);
            socket.socket().connect(resolved, (int) (timeoutNanos / 1_000_000));
            socket.configureBlocking(false);
            return open(new SocketByteStream(socket), address.toString(), timeoutNanos - (System.nanoTime() - start));
        } catch (SocketTimeoutException e) {
            socket.close();
            throw new IOException(address + ": no answer in " + timeoutNanos / 1_000_000_000 + " s", e);
        } catch (SocketException e) {
            socket.close();
            throw new IOException(address + ": " + e.getMessage() + "; is a server running there (gpu-server/run)?", e);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Exchanges preambles over a new stream, and makes it a channel. The stream becomes the channel's, and is closed if this fails.
     *
     * @param peer the other side, as the channel will call it
     * @throws IOException with one line that begins with {@code peer}, if that speaks something else or says nothing in {@code timeoutNanos}
     */
    public static MessageChannel open(ByteStream stream, String peer, long timeoutNanos) throws IOException {
        try {
            exchangePreambles(stream, peer, timeoutNanos);
            return new TcpMessageChannel(stream, peer);
        } catch (IOException | RuntimeException e) {
            stream.close();
            throw e;
        }
    }

    private static void exchangePreambles(ByteStream stream, String peer, long timeoutNanos) throws IOException {
        long start = System.nanoTime();
        ByteBuffer received = ByteBuffer.allocate(TcpDescriptor.PREAMBLE_BYTES);
        stream.write(TcpDescriptor.preamble(), ByteBuffer.allocate(0));
        while (received.hasRemaining()) {
            int bytes = stream.read(received);
            if (bytes < 0) {
                throw new IOException(peer + " closed the connection before it said what it speaks");
            }
            long left = timeoutNanos - (System.nanoTime() - start);
            if (bytes == 0 && left <= 0) {
                throw new IOException(peer + " connected, but does not answer; is it a v4vgpu server?");
            }
            if (bytes == 0) {
                stream.awaitReadable(left);
            }
        }
        String foreignness = TcpDescriptor.foreignness(received.flip());
        if (!foreignness.isEmpty()) {
            throw new IOException(peer + " " + foreignness);
        }
    }

    /** Leaves the buffers to the kernel, which makes them as long as the stream needs (tcp(7)); a fixed length streams slower. */
    static void prepare(SocketChannel socket) throws IOException {
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }

    /** Takes ownership of a stream whose preambles are exchanged. */
    TcpMessageChannel(ByteStream stream, String peer) {
        this.stream = stream;
        this.peer = peer;
        this.receiver = new TcpReceiver(stream, peer);
    }

    @Override
    public int maximumHeaderBytes() {
        return TcpDescriptor.MAXIMUM_HEADER_BYTES;
    }

    @Override
    public int maximumPayloadBytes() {
        return TcpDescriptor.MAXIMUM_PAYLOAD_BYTES;
    }

    @Override
    public void send(MemorySegment header, MemorySegment payload) throws IOException {
        checkSizes(header.byteSize(), payload.byteSize());
        ensureSendable();
        int length = stageHeader(header, payload.byteSize());
        if (payload.byteSize() > GATHER_BYTES && payload.isNative() && stream.writes(payload)) {
            write(stagingBuffer.limit(length).position(0), payload.asByteBuffer());
        } else {
            MemorySegment.copy(payload, 0, staging, length, payload.byteSize());
            writeStaged(0, length + (int) payload.byteSize());
        }
    }

    private static void checkSizes(long headerBytes, long payloadBytes) {
        if (headerBytes < 0 || headerBytes > TcpDescriptor.MAXIMUM_HEADER_BYTES) {
            throw new IllegalArgumentException(
                    "header of " + headerBytes + " bytes exceeds " + TcpDescriptor.MAXIMUM_HEADER_BYTES);
        }
        if (payloadBytes < 0 || payloadBytes > TcpDescriptor.MAXIMUM_PAYLOAD_BYTES) {
            throw new IllegalArgumentException(
                    "payload of " + payloadBytes + " bytes exceeds " + TcpDescriptor.MAXIMUM_PAYLOAD_BYTES);
        }
    }

    private void ensureSendable() throws IOException {
        if (isClaimed) {
            throw new IllegalStateException("a claimed message must be committed or closed first");
        }
        ensureOpen(sendingBroken);
        if (outputEnded) {
            throw new IOException("the output of the channel to " + peer + " was shut down");
        }
    }

    private void ensureOpen(boolean broken) throws IOException {
        if (closed.get()) {
            throw new IOException("the channel to " + peer + " is closed");
        }
        if (broken) {
            throw new IOException("the channel to " + peer + " is broken");
        }
    }

    private int stageHeader(MemorySegment header, long payloadBytes) {
        staging.set(ValueLayout.JAVA_INT_UNALIGNED, 0, (int) header.byteSize());
        staging.set(ValueLayout.JAVA_INT_UNALIGNED, 4, (int) payloadBytes);
        MemorySegment.copy(header, 0, staging, TcpDescriptor.PREFIX_BYTES, header.byteSize());
        return TcpDescriptor.PREFIX_BYTES + (int) header.byteSize();
    }

    private void writeStaged(int from, int to) throws IOException {
        write(stagingBuffer.limit(to).position(from), nothing);
    }

    private void write(ByteBuffer first, ByteBuffer second) throws IOException {
        writing.lock();
        try {
            stream.write(first, second);
        } catch (ClosedChannelException e) {
            throw new IOException("the channel to " + peer + " is closed", e);
        } catch (IOException e) {
            sendingBroken = true; // a part of the frame may be on its way
            ensureOpen(false);
            throw lost(e);
        } finally {
            writing.unlock();
        }
    }

    private PeerLostException lost(IOException e) {
        PeerLostException lost = new PeerLostException(peer + " died or vanished: " + e.getMessage());
        lost.initCause(e);
        return lost;
    }

    @Override
    public OutgoingMessage claim(int headerBytes, int payloadBytes) throws IOException {
        checkSizes(headerBytes, payloadBytes);
        ensureSendable();
        isClaimed = true;
        long payload = (long) TcpDescriptor.PREFIX_BYTES + headerBytes;
        claimedPayloadBytes = payloadBytes;
        return new ClaimedMessage(claim, headerBytes, Payload.of(staging.asSlice(payload, payloadBytes)));
    }

    /** The one claim that there can be at a time. */
    private final class StagedClaim implements ClaimedMessage.Claim {
        @Override
        public void commit(MemorySegment header) throws IOException {
            isClaimed = false;
            ensureOpen(sendingBroken);
            writeStaged(0, stageHeader(header, claimedPayloadBytes) + claimedPayloadBytes);
        }

        @Override
        public void abandon() {
            isClaimed = false;
        }
    }

    @Override
    public void shutdownOutput() throws IOException {
        if (!outputEnded) {
            ensureSendable();
            outputEnded = true;
            write(
                    stagingBuffer
                            .clear()
                            .put(TcpDescriptor.signal(TcpDescriptor.END))
                            .flip(),
                    nothing);
        }
    }

    @Override
    public IncomingMessage receive() throws IOException {
        return receive(Long.MAX_VALUE);
    }

    @Override
    public IncomingMessage receive(long timeoutNanos) throws IOException {
        ensureOpen(receivingBroken);
        if (receiver.saidEnd()) {
            throw new EOFException(peer + " has ended its output");
        }
        try {
            TcpIncomingMessage message = receiver.next();
            return message != null ? message : awaitMessage(timeoutNanos);
        } catch (ClosedChannelException e) {
            throw new IOException("the channel to " + peer + " is closed", e);
        } catch (SocketTimeoutException | EOFException e) {
            throw e;
        } catch (IOException e) {
            receivingBroken = true;
            ensureOpen(false);
            throw e instanceof SocketException ? lost(e) : e;
        }
    }

    private IncomingMessage awaitMessage(long timeoutNanos) throws IOException {
        long start = System.nanoTime();
        while (true) {
            int bytes = receiver.saidGoodbye() || receiver.saidEnd() ? -1 : receiver.read();
            TcpIncomingMessage message = receiver.next();
            if (message != null) {
                return message;
            }
            if (receiver.saidEnd()) {
                throw new EOFException(peer + " has ended its output");
            }
            if (receiver.saidGoodbye()) {
                throw new EOFException(peer + " has closed the channel");
            }
            if (bytes < 0) {
                throw new PeerLostException(peer + " died or vanished");
            }
            if (bytes == 0) {
                long left = timeoutNanos - (System.nanoTime() - start);
                if (left <= 0) {
                    throw new SocketTimeoutException(
                            "no message from " + peer + " in " + timeoutNanos / 1_000_000 + " ms");
                }
                if (receiver.isWithinFrame()) {
                    IdleStrategy.rest(SPINS_WITHIN_FRAME);
                }
                if (!IdleStrategy.spin(start)) {
                    stream.awaitReadable(timeoutNanos == Long.MAX_VALUE ? Long.MAX_VALUE : left);
                }
            }
        }
    }

    @Override
    public boolean isPeerAlive() {
        if (!isOpen()) {
            return false;
        }
        try {
            return receiver.isPeerAlive();
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public boolean isOpen() {
        return !closed.get() && !sendingBroken && !receivingBroken;
    }

    @Override
    public String peer() {
        return peer;
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        receiver.discardSpill();
        try {
            sayGoodbye();
            stream.close(); // wakes whoever waits in it
        } catch (IOException e) {
            receivingBroken = true; // the peer sees a death, which is what a failed close is
        }
    }

    /** Not within a frame that another thread is writing: the peer then sees a death. */
    private void sayGoodbye() throws IOException {
        if (!sendingBroken && writing.tryLock()) {
            try {
                stream.writeLast(TcpDescriptor.signal(TcpDescriptor.GOODBYE));
            } finally {
                writing.unlock();
            }
        }
    }
}
