package org.v4vgpu.v4v.ring;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.Payload;
import org.v4vgpu.v4v.PayloadView;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor.RingStatus;

/**
 * A partner's ring that only the hypervisor can write: messages are staged here, and carried over when they are committed. One sender;
 * {@link #wake}, {@link #close}, {@link #event}, {@link #pulse} and the queries of flags are safe for any thread.
 *
 * <p>The hypervisor is asked for space only when what it said last does not suffice: from an empty ring on the one writer knows how much
 * is left at least. What the other side of shared memory would see of this one, it learns by {@link SignDescriptor signs}.
 */
public final class StagedSendRing implements SendRing, IdleStrategy.Condition {
    /** Bytes before a staged message that belong to the carrier. */
    public static final int STAGE_HEADER_BYTES = 64;

    /** A writer that has nothing to say pulses at this interval. */
    public static final long PULSE_NANOS = 2_000_000_000L;

    private static final int SMALLEST_STAGE_BYTES = 4096 - STAGE_HEADER_BYTES;
    private static final long DOORBELL = 0;
    private static final long RECEIVER_MARK = 128;
    private static final int WORDS_BYTES = 256;

    /** A question to the hypervisor costs as much as this time of spinning, so a spinning sender does not ask more often. */
    private static final long QUESTION_NANOS = 20_000;

    private static final long COMMIT_POLL_NANOS = 100_000;

    private final RingEnd end;
    private final V4vAddress address;
    private final int capacity;
    private final Carrier carrier;
    private final Consumer<StagedSendRing> detach;

    /** Who sends: held for a claim, a commit, a sign. */
    private final ReentrantLock sending = new ReentrantLock();

    /** Changed while {@link #sending} is held. */
    private volatile V4vAddress source;

    // Guarded by sending.
    private RingMemory stage;
    private int stageBytes;
    private int knownFreeBytes;
    private int claimedBytes = -1;
    private boolean hasPulsed;
    private long sentNanos;

    // The waiter's.
    private int wantedBytes;
    private long askedNanos;

    private volatile boolean isAskWorthwhile = true;

    /** Why a message that was committed has not arrived at a partner that is there: what followed would make no sense to it. */
    private volatile @Nullable ArgoError lost;

    /** The hypervisor's side. Any thread. */
    public interface Carrier {
        /** Memory that the hypervisor can read at any time. */
        RingMemory stage(long bytes) throws ArgoException;

        /**
         * Sends what is staged.
         *
         * @param stage of which {@link #STAGE_HEADER_BYTES} come before the message
         * @return not negative, or the negative number of an {@link ArgoError}
         */
        int send(V4vAddress source, V4vAddress destination, int messageType, MemorySegment stage, int messageBytes);

        /** Sends an empty record; returns as {@link #send}. */
        int sign(V4vAddress source, V4vAddress destination, int type);

        /** As {@link org.v4vgpu.v4v.V4vHypervisor#notify}. */
        RingStatus ask(V4vAddress destination, int spaceRequired) throws ArgoException;

        /** The ring was unregistered. */
        void ringGone(StagedSendRing ring);

        /** A domain was destroyed. */
        void domainGone(int domain);
    }

    /**
     * Attaches to a ring that is there.
     *
     * @param source what stands in the records; the port is that of a ring of this process by which the partner may judge its life, or 0
     * @param detach runs once, when this is closed; the partner is to get a {@link SignDescriptor#DETACH}, unless this {@link
     *     #hasLostMessage has lost a message}
     * @throws ArgoException ENOMEM
     */
    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
    public StagedSendRing(
            V4vAddress source, V4vAddress address, int lengthBytes, Carrier carrier, Consumer<StagedSendRing> detach)
            throws ArgoException {
        this.stageBytes = Math.min(SMALLEST_STAGE_BYTES, lengthBytes);
        this.stage = carrier.stage(STAGE_HEADER_BYTES + (long) stageBytes);
        Arena arena = Arena.ofShared();
        MemorySegment words =
                arena.allocate(WORDS_BYTES, RECEIVER_MARK).reinterpret(arena, _ -> letStageGo()); // holds mean both
        this.end = new RingEnd(new RingMemory(arena, words), DOORBELL, RECEIVER_MARK, false);
        this.source = source;
        this.address = address;
        this.capacity = lengthBytes;
        this.carrier = carrier;
        this.detach = detach;
        this.sentNanos = System.nanoTime();
    }

    @Override
    public V4vAddress address() {
        return address;
    }

    @Override
    public int lengthBytes() {
        return capacity;
    }

    @Override
    public boolean claim(int messageBytes) throws IOException {
        if (!end.hold()) { // keeps the stage
            throw detached();
        }
        sending.lock();
        try {
            claimedBytes = -1;
            if (end.isClosed()) {
                throw detached();
            }
            if (!canEverFit(messageBytes)) {
                throw new ArgoException(
                        ArgoError.EMSGSIZE,
                        "message of " + messageBytes + " bytes exceeds the ring of " + capacity + " bytes at "
                                + address);
            }
            ensureThere();
            ensureWhole();
            if (!hasPulsed && fits(messageBytes + RecordDescriptor.SLOT_BYTES)) {
                pulse(); // first of all, if that does not take the message's space
            }
            if (!fits(messageBytes)) {
                ensureThere();
                return false;
            }
            ensureStage(messageBytes);
            claimedBytes = messageBytes;
            return true;
        } finally {
            sending.unlock();
            end.letGo();
        }
    }

    private ArgoException detached() {
        return new ArgoException(ArgoError.ECONNREFUSED, "the ring at " + address + " was detached");
    }

    private boolean canEverFit(int messageBytes) {
        return messageBytes >= 0 && messageBytes <= capacity - 2 * RecordDescriptor.SLOT_BYTES;
    }

    private void ensureThere() throws ArgoException {
        if (end.isPartnerGone()) {
            throw new ArgoException(ArgoError.ESRCH, "domain " + address.domain() + " is gone");
        }
        if (end.hasOtherLeft()) {
            throw new ArgoException(ArgoError.ECONNREFUSED, "the ring at " + address + " is gone");
        }
    }

    private void ensureWhole() throws ArgoException {
        ArgoError error = lost;
        if (error != null) {
            throw new ArgoException(error, "a message to " + address + " was lost, so no more are sent");
        }
    }

    /** Holding {@link #sending}. */
    private boolean fits(int messageBytes) throws ArgoException {
        if (RecordDescriptor.recordBytes(messageBytes) <= knownFreeBytes) {
            return true;
        }
        isAskWorthwhile = false; // before the question: an event after it makes another one worthwhile
        RingStatus status = carrier.ask(address, Math.max(messageBytes, 1)); // for 0 any ring suffices, a full one, too
        askedNanos = System.nanoTime();
        if (!status.exists()) {
            knownFreeBytes = 0;
            examine();
            return false;
        }
        if (status.empty()) {
            knownFreeBytes = capacity - RecordDescriptor.SLOT_BYTES;
        } else {
            knownFreeBytes = status.sufficient() ? RecordDescriptor.recordBytes(messageBytes) : 0;
        }
        return status.sufficient();
    }

    private void ensureStage(int messageBytes) throws ArgoException {
        if (messageBytes > stageBytes) {
            int larger = (int) Math.min(Math.max(2L * stageBytes, messageBytes), capacity);
            RingMemory old = stage;
            stage = carrier.stage(STAGE_HEADER_BYTES + (long) larger);
            stageBytes = larger;
            old.letGo();
        }
    }

    @Override
    public void put(int at, MemorySegment from, long offset, long bytes) {
        checkRange(at, bytes);
        MemorySegment.copy(from, offset, stage.segment(), STAGE_HEADER_BYTES + at, bytes);
    }

    @Override
    public void putInt(int at, int value) {
        checkRange(at, Integer.BYTES);
        stage.segment().set(ValueLayout.JAVA_INT, STAGE_HEADER_BYTES + at, value);
    }

    @Override
    public Payload claimed(int from, int bytes) {
        PayloadView view = new PayloadView();
        claimed(from, bytes, view);
        return view;
    }

    @Override
    public void claimed(int from, int bytes, PayloadView view) {
        checkRange(from, bytes);
        view.show(stage.segment(), STAGE_HEADER_BYTES + from, bytes, 0, 0);
    }

    private void checkRange(int at, long bytes) {
        if (at < 0 || bytes < 0 || at > claimedBytes - bytes) {
            throw new IndexOutOfBoundsException(
                    bytes + " bytes at " + at + " of a claimed message of " + claimedBytes + " bytes");
        }
    }

    /** A partner that has gone meanwhile gets nothing, nor does one whom the hypervisor refuses it to; the next claim says so. */
    @Override
    public void commit(int messageType) {
        sending.lock();
        try {
            int bytes = claimedBytes;
            if (bytes < 0) {
                throw new IllegalStateException("nothing is claimed");
            }
            claimedBytes = -1;
            if (end.isClosed() || !stage.hold()) {
                throw new IllegalStateException("the ring at " + address + " was detached");
            }
            try {
                int sent = carry(messageType, bytes);
                judge(sent);
                if (sent < 0 && !isOfPartnersEnd(sent) && !end.isPartnerGone()) { // given up by a close, too
                    lost = ArgoError.of(-sent);
                }
            } finally {
                stage.letGo();
            }
            knownFreeBytes -= RecordDescriptor.recordBytes(bytes);
            sentNanos = System.nanoTime();
        } finally {
            sending.unlock();
        }
    }

    /** What was claimed has space, unless another process of this domain took it; and a guest in migration asks for a repetition. */
    private int carry(int messageType, int bytes) {
        int sent = carrier.send(source, address, messageType, stage.segment(), bytes);
        while (sent < 0 && isPassing(sent) && !end.isClosed() && !end.isPartnerGone()) {
            IdleStrategy.pause(COMMIT_POLL_NANOS);
            sent = carrier.send(source, address, messageType, stage.segment(), bytes);
        }
        return sent;
    }

    private static boolean isPassing(int result) {
        ArgoError error = ArgoError.of(-result);
        return error == ArgoError.EAGAIN || error == ArgoError.EBUSY || error == ArgoError.ENOMEM;
    }

    private static boolean isOfPartnersEnd(int result) {
        ArgoError error = ArgoError.of(-result);
        return error == ArgoError.ESRCH || error == ArgoError.ECONNREFUSED;
    }

    /** Draws the conclusion from what became of a record. */
    private void judge(int result) {
        if (result == -ArgoError.ESRCH.errno()) {
            carrier.domainGone(address.domain()); // first: whose partner has died must not look closed
            end.partnerGone();
        } else if (result == -ArgoError.ECONNREFUSED.errno() && end.hold()) {
            carrier.ringGone(this); // first, too
            end.other.close();
            end.own.shake();
            end.letGo();
        }
    }

    /** Finds out why the ring was not there when the hypervisor was asked. */
    public void examine() {
        judge(carrier.sign(source, address, SignDescriptor.PULSE));
    }

    /** Says that this writer lives if it has said nothing for long. Does nothing while the sender is at it. */
    public void pulse(long nowNanos) throws ArgoException {
        if (end.isClosed() || end.isPartnerGone() || !sending.tryLock()) {
            return;
        }
        try {
            boolean isDue = !hasPulsed || nowNanos - sentNanos >= PULSE_NANOS;
            if (isDue && !end.hasOtherLeft() && hasRoomBesideClaim()) {
                pulse();
            }
        } finally {
            sending.unlock();
        }
    }

    private void pulse() {
        int said = carrier.sign(source, address, SignDescriptor.PULSE);
        if (said >= 0) {
            hasPulsed = true;
            knownFreeBytes -= RecordDescriptor.BYTES;
            sentNanos = System.nanoTime();
        }
        judge(said);
    }

    private boolean hasRoomBesideClaim() throws ArgoException {
        return claimedBytes < 0
                || carrier.ask(address, Math.min(claimedBytes + 2 * RecordDescriptor.SLOT_BYTES, capacity))
                        .sufficient();
    }

    /** The ring of this process that the partner knew its life by goes without this. */
    public void forgetRing() {
        sending.lock();
        try {
            source = new V4vAddress(source.domain(), 0);
            hasPulsed = false;
        } finally {
            sending.unlock();
        }
    }

    /**
     * Whether a message that was committed never arrived at a partner that is there. Then nothing more is sent, an end neither: the
     * partner is to miss this writer as one that died, and not to take what it has for all that there was.
     *
     * <p>Waits for a commit that goes on, which gives up its message when this is closed.
     */
    public boolean hasLostMessage() {
        sending.lock();
        try {
            return lost != null;
        } finally {
            sending.unlock();
        }
    }

    /** The port of the ring that is named in the records. */
    public long sourcePort() {
        return source.port();
    }

    @Override
    public boolean hold() {
        return end.hold();
    }

    @Override
    public void letGo() {
        end.letGo();
    }

    @Override
    public boolean awaitSpace(int messageBytes, long timeoutNanos) throws IOException {
        wantedBytes = messageBytes;
        isAskWorthwhile = true;
        try {
            IdleStrategy.await(this, end.own, timeoutNanos);
            end.forgetWake();
            return isReady(messageBytes);
        } catch (IllegalStateException e) {
            if (end.isClosed()) {
                return true; // and its memory has gone meanwhile
            }
            throw e;
        }
    }

    @Override
    public boolean isReady(int messageBytes) throws IOException {
        return end.isClosed()
                || lost != null
                || !canEverFit(messageBytes)
                || end.isPartnerGone()
                || end.hasOtherLeft()
                || fitsNow(messageBytes)
                || end.hasOtherLeft();
    }

    private boolean fitsNow(int messageBytes) throws ArgoException {
        sending.lock();
        try {
            return fits(messageBytes);
        } finally {
            sending.unlock();
        }
    }

    /** With the doorbell that rings when {@link #isReady} may have become true. */
    RingEnd end() {
        return end;
    }

    /** For the wait: space, or a reason why waiting is in vain. */
    @Override
    public boolean isOver() throws IOException {
        return end.isInterrupted()
                || end.isInVain()
                || lost != null
                || !canEverFit(wantedBytes)
                || ((isAskWorthwhile || System.nanoTime() - askedNanos > QUESTION_NANOS) && fitsNow(wantedBytes));
    }

    @Override
    public void wake() {
        end.wake();
    }

    /** Lets the sender ask again if it waits; after every event. */
    public void event() {
        isAskWorthwhile = true;
        if (end.hold()) {
            end.own.ring();
            end.letGo();
        }
    }

    /** Tells the sender that the partner's domain has died. */
    public void partnerGone() {
        end.partnerGone();
    }

    /** Asks the hypervisor, without a trace in its waiting list. */
    @Override
    public boolean isPartnerAlive() {
        if (end.isClosed() || end.isPartnerGone() || end.hasOtherLeft()) {
            return false;
        }
        try {
            if (!carrier.ask(address, Integer.MAX_VALUE).exists()) {
                examine();
            }
        } catch (ArgoException e) {
            return true; // it could not be asked: nothing is known
        }
        return !end.isPartnerGone() && !end.hasOtherLeft();
    }

    @Override
    public void close() {
        end.close(() -> detach.accept(this));
    }

    /** With the last hold on the words. */
    private void letStageGo() {
        sending.lock(); // a claim that goes on may be taking a larger stage
        try {
            stage.letGo();
        } finally {
            sending.unlock();
        }
    }
}
