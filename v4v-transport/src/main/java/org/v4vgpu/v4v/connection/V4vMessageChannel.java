package org.v4vgpu.v4v.connection;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.ClaimedMessage;
import org.v4vgpu.v4v.HeldMemory;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.OutgoingMessage;
import org.v4vgpu.v4v.PayloadView;
import org.v4vgpu.v4v.PeerLostException;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.RingCorruptedException;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.WindowPartner;

/**
 * A message channel over two rings, one per direction. One thread sends and one receives; {@link #close} is safe for any.
 *
 * <p>The calling thread writes straight into the peer's ring and reads straight from its own. A message of ordinary size costs no
 * system call unless the peer sleeps, and allocates nothing unless somebody asks for a segment of its payload. Closing never waits: what was sent
 * lies in the peer's ring, and the peer reads it and then sees the end. The rings' memory stays until the last held message is
 * released.
 */
public final class V4vMessageChannel implements MessageChannel {
    private static final int MAXIMUM_HEADER_BYTES = 64 * 1024;
    private static final int RECORD_OVERHEAD = 64;
    private static final int FIRST_WINDOW = 64;

    /** A ring takes a few claims at a time; a claim's object is used again only so many claims later, so a late second close does no harm. */
    private static final int CLAIMS = 16;

    /** A peer that gives up while it connects never writes our ring; its own ring tells, but rings no bell of ours. */
    private static final long LOOK_AROUND_NANOS = 1_000_000_000L;

    private final ReceiveRing in;
    private final SendRing out;
    private final String peer;
    private final Optional<WindowPartner> partner;
    private final int maximumHeaderBytes;
    private final int maximumPayloadBytes;
    private final AtomicBoolean closed = new AtomicBoolean();

    private volatile boolean broken;

    // The receiver's: messages by number modulo the length; those from oldest to next may hold space of the ring.
    private V4vIncomingMessage[] window;
    private long oldest;
    private long next;
    private boolean hasHeard;
    private boolean inputEnded;

    // The sender's.
    private boolean outputEnded;
    private final PayloadView[] spaces = new PayloadView[CLAIMS];
    private final RingClaim[] ringClaims = new RingClaim[CLAIMS];
    private final ClaimedMessage[] claims = new ClaimedMessage[CLAIMS];

    private int claimPlace;

    /** Neither committed nor given back, the oldest first. */
    private final ArrayDeque<RingClaim> openClaims = new ArrayDeque<>(4);

    /** @param partner whom memory can be shared with, if with anybody */
    V4vMessageChannel(ReceiveRing in, SendRing out, String peer, Optional<WindowPartner> partner) {
        this.in = in;
        this.out = out;
        this.peer = peer;
        this.partner = partner;
        int largest = out.lengthBytes() - RECORD_OVERHEAD;
        this.maximumPayloadBytes = out.lengthBytes() / 4;
        this.maximumHeaderBytes = Math.min(MAXIMUM_HEADER_BYTES, largest - maximumPayloadBytes);
        this.window = new V4vIncomingMessage[FIRST_WINDOW];
        for (int i = 0; i < window.length; i++) {
            window[i] = fresh();
        }
        for (int i = 0; i < CLAIMS; i++) {
            spaces[i] = new PayloadView();
            ringClaims[i] = new RingClaim();
            claims[i] = new ClaimedMessage(ringClaims[i], spaces[i]);
        }
    }

    private V4vIncomingMessage fresh() {
        V4vIncomingMessage message = new V4vIncomingMessage(this);
        message.isClosed = true;
        message.isSpent = true;
        return message;
    }

    @Override
    public int maximumHeaderBytes() {
        return maximumHeaderBytes;
    }

    @Override
    public int maximumPayloadBytes() {
        return maximumPayloadBytes;
    }

    @Override
    public void send(MemorySegment header, MemorySegment payload) throws IOException {
        int headerBytes = checked(header.byteSize(), maximumHeaderBytes, "header");
        int payloadBytes = checked(payload.byteSize(), maximumPayloadBytes, "payload");
        try {
            awaitClaim(headerBytes, payloadBytes);
            if (payloadBytes > 0) {
                out.put(FrameDescriptor.payloadOffset(headerBytes), payload, 0, payloadBytes);
            }
            publish(header, headerBytes, payloadBytes);
        } catch (IllegalStateException e) {
            throw closedMeanwhile(e);
        }
    }

    private static int checked(long bytes, int maximum, String what) {
        if (bytes > maximum) {
            throw new IllegalArgumentException(what + " of " + bytes + " bytes exceeds " + maximum);
        }
        return (int) bytes;
    }

    private void awaitClaim(int headerBytes, int payloadBytes) throws IOException {
        if (outputEnded) {
            ensureOpen();
            throw new IOException("the output of the channel to " + peer + " was shut down");
        }
        awaitClaim(FrameDescriptor.messageBytes(headerBytes, payloadBytes));
    }

    private void awaitClaim(int bytes) throws IOException {
        if (!openClaims.isEmpty()) {
            throw new IllegalStateException("a claimed message must be committed or closed first");
        }
        try {
            ensureOpen();
            while (!out.claim(bytes)) {
                out.awaitSpace(bytes, Long.MAX_VALUE);
                ensureOpen();
            }
        } catch (ArgoException e) {
            throw switch (e.error()) {
                case ESRCH -> in.hasWriterLeft() ? hasClosed() : lost(); // its domain may go after it
                case ECONNREFUSED -> hasClosed();
                default -> e;
            };
        } catch (RingCorruptedException e) {
            broken = true;
            throw e;
        }
    }

    private void ensureOpen() throws IOException {
        if (closed.get()) {
            throw new IOException("the channel to " + peer + " is closed");
        }
        if (broken) {
            throw new IOException("the channel to " + peer + " is broken");
        }
    }

    private IOException hasClosed() {
        return new IOException(peer + " has closed the channel");
    }

    private PeerLostException lost() {
        return new PeerLostException(peer + " died or vanished");
    }

    /**
     * The rings' memory goes with a close from another thread, or with the whole domain; an access after that is refused by the
     * memory's arena.
     */
    private IOException closedMeanwhile(IllegalStateException e) throws IllegalStateException {
        if (closed.get()) {
            return new IOException("the channel to " + peer + " is closed", e);
        }
        if (in.hold()) {
            in.letGo();
            throw e;
        }
        broken = true;
        return new IOException("the channel to " + peer + " ended when its domain left", e);
    }

    private void publish(MemorySegment header, int headerBytes, int payloadBytes) {
        out.putInt(FrameDescriptor.HEADER_LENGTH, headerBytes);
        out.putInt(FrameDescriptor.PAYLOAD_LENGTH, payloadBytes);
        out.put(FrameDescriptor.HEADER, header, 0, headerBytes);
        out.commit(ConnectDescriptor.DATA);
    }

    @Override
    public OutgoingMessage claim(int headerBytes, int payloadBytes) throws IOException {
        checked(headerBytes, maximumHeaderBytes, "header");
        checked(payloadBytes, maximumPayloadBytes, "payload");
        try {
            awaitClaim(headerBytes, payloadBytes);
            return claimed(headerBytes, payloadBytes);
        } catch (IllegalStateException e) {
            throw closedMeanwhile(e);
        }
    }

    @Override
    public @Nullable OutgoingMessage claimFurther(int headerBytes, int payloadBytes) throws IOException {
        checked(headerBytes, maximumHeaderBytes, "header");
        checked(payloadBytes, maximumPayloadBytes, "payload");
        if (openClaims.isEmpty()) {
            throw new IllegalStateException("nothing is claimed that this could come behind");
        }
        try {
            ensureOpen();
            return out.claimFurther(FrameDescriptor.messageBytes(headerBytes, payloadBytes))
                    ? claimed(headerBytes, payloadBytes)
                    : null;
        } catch (RingCorruptedException e) {
            broken = true;
            throw e;
        } catch (IllegalStateException e) {
            throw closedMeanwhile(e);
        }
    }

    /** The ring has the space: what the caller fills it by. */
    private ClaimedMessage claimed(int headerBytes, int payloadBytes) throws IOException {
        if (!out.hold()) {
            throw new IOException("the channel to " + peer + " is closed");
        }
        int place = claimPlace;
        claimPlace = (place + 1) % CLAIMS;
        if (payloadBytes == 0) {
            spaces[place].clear();
        } else {
            out.claimed(FrameDescriptor.payloadOffset(headerBytes), payloadBytes, spaces[place]);
        }
        ringClaims[place].payloadBytes = payloadBytes;
        openClaims.add(ringClaims[place]);
        claims[place].open(headerBytes);
        return claims[place];
    }

    @Override
    public void shutdownOutput() throws IOException {
        try {
            if (!outputEnded) {
                awaitClaim(0);
                outputEnded = true;
                out.commit(ConnectDescriptor.END);
            }
        } catch (IllegalStateException e) {
            throw closedMeanwhile(e);
        }
    }

    /** What becomes of one claim. */
    private final class RingClaim implements ClaimedMessage.Claim {
        private int payloadBytes;

        @Override
        public void commit(MemorySegment header) throws IOException {
            if (openClaims.peekFirst() != this) {
                throw new IllegalStateException("messages are committed in the order of their claims");
            }
            openClaims.removeFirst();
            try {
                ensureOpen();
                publish(header, (int) header.byteSize(), payloadBytes);
            } catch (IllegalStateException e) {
                throw closedMeanwhile(e);
            } finally {
                out.letGo();
            }
        }

        /** The space of those behind it would move: they are given back as well. */
        @Override
        public void abandon() {
            while (openClaims.contains(this)) {
                openClaims.removeLast();
                out.dropNewest();
                out.letGo();
            }
        }
    }

    @Override
    public IncomingMessage receive() throws IOException {
        return receive(Long.MAX_VALUE);
    }

    @Override
    public IncomingMessage receive(long timeoutNanos) throws IOException {
        try {
            ensureOpen();
            if (inputEnded) {
                throw new EOFException(peer + " has ended its output");
            }
            return in.next() ? accept() : awaitMessage(timeoutNanos);
        } catch (RingCorruptedException e) {
            broken = true;
            throw e;
        } catch (IllegalStateException e) {
            throw closedMeanwhile(e);
        }
    }

    private IncomingMessage awaitMessage(long timeoutNanos) throws IOException {
        long start = timeoutNanos == Long.MAX_VALUE ? 0 : System.nanoTime();
        // A peer that has spoken rings our bell whatever becomes of it, so its flags matter only when no message came.
        if (hasHeard && in.await(timeoutNanos) && in.next()) {
            return accept();
        }
        while (true) {
            // Asked before the look at the ring: what the peer wrote before its end can still be read.
            boolean finished = in.isFinished();
            boolean alive = in.isPartnerAlive();
            boolean listening = out.isPartnerAlive();
            if (in.next()) {
                return accept();
            }
            ensureOpen();
            if (finished) { // by the peer's own word, even if it is dead by now
                throw new EOFException(peer + " has closed the channel");
            }
            if (!alive) {
                throw lost();
            }
            if (!listening) {
                // Where the hypervisor tells of a death only when it is asked, this was the question.
                if (!in.isFinished() && !in.isPartnerAlive()) {
                    throw lost();
                }
                throw new EOFException(peer + " has closed the channel");
            }
            long left = timeoutNanos == Long.MAX_VALUE ? timeoutNanos : timeoutNanos - (System.nanoTime() - start);
            if (left <= 0) {
                throw new SocketTimeoutException("no message from " + peer + " in " + timeoutNanos / 1_000_000 + " ms");
            }
            var _ = in.await(hasHeard ? left : Math.min(left, LOOK_AROUND_NANOS));
        }
    }

    private IncomingMessage accept() throws IOException {
        if (in.messageType() == ConnectDescriptor.END) {
            inputEnded = true;
            throw new EOFException(peer + " has ended its output");
        }
        if (in.messageType() != ConnectDescriptor.DATA) {
            throw corrupted("a record of type 0x" + Integer.toHexString(in.messageType()));
        }
        int bytes = in.messageBytes();
        if (bytes < FrameDescriptor.HEADER) {
            throw corrupted("a frame of " + bytes + " bytes");
        }
        int headerBytes = in.getInt(FrameDescriptor.HEADER_LENGTH);
        int payloadBytes = in.getInt(FrameDescriptor.PAYLOAD_LENGTH);
        if (headerBytes < 0
                || payloadBytes < 0
                || headerBytes > MAXIMUM_HEADER_BYTES
                || payloadBytes > bytes
                || FrameDescriptor.messageBytes(headerBytes, payloadBytes) != bytes) {
            throw corrupted("a frame of " + bytes + " bytes with a header of " + Integer.toUnsignedString(headerBytes)
                    + " and a payload of " + Integer.toUnsignedString(payloadBytes));
        }
        hasHeard = true;
        V4vIncomingMessage message = nextMessage();
        in.copy(FrameDescriptor.HEADER, message.headerSpace(headerBytes), 0, headerBytes);
        if (payloadBytes == 0) {
            message.open(in.position(), false);
            giveBack();
        } else {
            if (!in.hold()) {
                throw new IOException("the channel to " + peer + " is closed");
            }
            in.payload(FrameDescriptor.payloadOffset(headerBytes), payloadBytes, message.payloadView());
            message.open(in.position(), true);
        }
        return message;
    }

    private RingCorruptedException corrupted(String what) {
        return new RingCorruptedException(peer + " sent " + what);
    }

    /** The next place of the window. Messages are used again only a whole window later, so a late second close does no harm. */
    private V4vIncomingMessage nextMessage() {
        if (next - oldest == window.length) {
            V4vIncomingMessage[] larger = new V4vIncomingMessage[window.length * 2];
            for (long n = oldest; n < next; n++) {
                larger[(int) (n % larger.length)] = window[(int) (n % window.length)];
            }
            for (int i = 0; i < larger.length; i++) {
                if (larger[i] == null) {
                    larger[i] = fresh();
                }
            }
            window = larger;
        }
        int place = (int) (next++ % window.length);
        if (!window[place].isClosed) {
            window[place] = fresh(); // somebody keeps a header that has no payload
        }
        return window[place];
    }

    /** Gives the ring's space back up to the first message that is still held. */
    private void giveBack() {
        long end = -1;
        while (oldest < next) {
            V4vIncomingMessage first = window[(int) (oldest % window.length)];
            if (!first.isSpent) {
                break;
            }
            end = first.end;
            oldest++;
        }
        if (end >= 0) {
            in.release(end);
        }
    }

    /** A held message was closed. */
    void released() {
        try {
            if (!closed.get()) {
                giveBack();
            }
        } catch (IllegalStateException e) {
            if (!closed.get()) {
                throw e;
            }
        } finally {
            in.letGo();
        }
    }

    @Override
    public HeldMemory holdMemory() {
        if (!in.hold()) {
            return HeldMemory.NONE;
        }
        if (!out.hold()) {
            in.letGo();
            return HeldMemory.NONE;
        }
        return new HeldMemory(List.of(in.memory(), out.memory()), () -> {
            out.letGo();
            in.letGo();
        });
    }

    @Override
    public boolean isReady() throws IOException {
        try {
            return inputEnded || !isOpen() || in.isReady();
        } catch (IllegalStateException e) {
            throw closedMeanwhile(e);
        }
    }

    @Override
    public boolean isPeerAlive() {
        return in.isPartnerAlive() && !in.isFinished() && out.isPartnerAlive();
    }

    @Override
    public boolean isOpen() {
        return !closed.get() && !broken;
    }

    @Override
    public Optional<WindowPartner> windowPartner() {
        return partner;
    }

    @Override
    public String peer() {
        return peer;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            out.close();
            in.close();
        }
    }
}
