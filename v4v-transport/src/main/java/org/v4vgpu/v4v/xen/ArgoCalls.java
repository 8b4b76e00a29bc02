package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.V4vHypervisor.RingStatus;
import org.v4vgpu.v4v.V4vHypervisor.SpaceQuestion;
import org.v4vgpu.v4v.ring.ArgoRingDescriptor;
import org.v4vgpu.v4v.ring.RingMemory;

/**
 * Argo's operations with Java's arguments. Safe for any thread: one call at a time, over one frame of memory that Xen can read; only
 * {@link #send}, whose frame is the caller's, runs beside others.
 *
 * <p>Results are Xen's: not negative, or the negative number of an {@link ArgoError}.
 */
final class ArgoCalls implements AutoCloseable {
    /** What a caller's frame needs for {@link #send}. */
    static final int SEND_FRAME_BYTES = 32;

    private static final long IOV = ArgoDescriptor.SEND_ADDR_BYTES;
    private static final long LONG_LIST = 64;
    private static final long MOST_PAGES = V4vHypervisor.MAXIMUM_RING_BYTES / ArgoRingDescriptor.PAGE_BYTES + 2L;
    private static final long FRAME_BYTES = LONG_LIST + MOST_PAGES * Long.BYTES;

    /** A port that nobody registers. */
    private static final long NO_PORT = 0xFFFF_FFFFL;

    /** Domain ids end here; from there on they mean something else (DOMID_FIRST_RESERVED). */
    private static final int FIRST_RESERVED_DOMAIN = 0x7FF0;

    private final Hypercalls xen;
    private final PageFrames frames;

    /** Guarded by this. */
    private final RingMemory frame;

    private final LongAdder sends = new LongAdder();
    private final LongAdder notifications = new LongAdder();
    private final LongAdder registrations = new LongAdder();

    ArgoCalls(Hypercalls xen, PageFrames frames, HugePages memory) throws ArgoException {
        this.xen = xen;
        this.frames = frames;
        this.frame = memory.allocate(FRAME_BYTES);
    }

    /**
     * The domain that this is. Xen does not say, but refuses messages in another one's name before it looks at anything else.
     *
     * @throws IOException if it refuses all
     */
    synchronized int ownDomain() throws IOException {
        V4vAddress nowhere = new V4vAddress(V4vAddress.DOMAIN_ANY, NO_PORT);
        for (int domain = 0; domain < FIRST_RESERVED_DOMAIN; domain++) {
            if (sign(new V4vAddress(domain, 0), nowhere, 0) != -SystemCalls.EPERM) {
                return domain;
            }
        }
        throw new IOException("Xen lets this domain send in nobody's name");
    }

    /**
     * Registers a ring; never replaces one.
     *
     * @param ring the memory from {@link ArgoRingDescriptor#RING} on
     */
    synchronized int register(long port, int partner, int lengthBytes, MemorySegment ring) throws ArgoException {
        MemorySegment memory = frame.segment();
        int pages = ArgoRingDescriptor.pages(lengthBytes);
        try {
            frames.read(ring.address(), pages, memory.asSlice(LONG_LIST));
        } catch (IOException e) {
            throw new ArgoException(ArgoError.EFAULT, String.valueOf(e.getMessage()));
        }
        ArgoDescriptor.registerRing(memory, 0, port, partner, lengthBytes);
        registrations.increment();
        return (int) xen.argo(
                ArgoDescriptor.OP_REGISTER_RING,
                memory.address(),
                memory.address() + LONG_LIST,
                pages,
                ArgoDescriptor.REGISTER_FLAG_FAIL_EXIST);
    }

    synchronized int unregister(long port, int partner) {
        MemorySegment memory = frame.segment();
        ArgoDescriptor.registerRing(memory, 0, port, partner, 0);
        registrations.increment();
        return (int) xen.argo(ArgoDescriptor.OP_UNREGISTER_RING, memory.address(), 0, 0, 0);
    }

    /**
     * Sends one record.
     *
     * @param frame of {@link #SEND_FRAME_BYTES}, resident, not used by anybody else
     * @param message an address
     */
    int send(
            MemorySegment frame,
            V4vAddress source,
            V4vAddress destination,
            int messageType,
            long message,
            int messageBytes) {
        ArgoDescriptor.sendAddr(frame, 0, source, destination);
        ArgoDescriptor.iov(frame, IOV, message, messageBytes);
        int iovs = messageBytes == 0 ? 0 : 1; // Xen logs a warning about each empty one
        sends.increment();
        return (int) xen.argo(
                ArgoDescriptor.OP_SENDV,
                frame.address(),
                frame.address() + IOV,
                iovs,
                Integer.toUnsignedLong(messageType));
    }

    /** Sends an empty record. */
    synchronized int sign(V4vAddress source, V4vAddress destination, int messageType) {
        return send(frame.segment(), source, destination, messageType, 0, 0);
    }

    /**
     * What would become of a message of that length, whose bytes are nowhere: -EFAULT if it could be sent now.
     *
     * @param lengths of its parts, each as Xen will read it: u32
     */
    synchronized int pretend(V4vAddress source, V4vAddress destination, int messageType, List<Integer> lengths) {
        MemorySegment memory = frame.segment();
        ArgoDescriptor.sendAddr(memory, 0, source, destination);
        for (int i = 0; i < lengths.size(); i++) {
            ArgoDescriptor.iov(memory, IOV + (long) i * ArgoDescriptor.IOV_BYTES, 0, lengths.get(i));
        }
        sends.increment();
        return (int) xen.argo(
                ArgoDescriptor.OP_SENDV,
                memory.address(),
                memory.address() + IOV,
                lengths.size(),
                Integer.toUnsignedLong(messageType));
    }

    /** Asks about one ring, as {@link V4vHypervisor#notify}. */
    RingStatus ask(V4vAddress ring, int spaceRequired) throws ArgoException {
        return ask(List.of(new SpaceQuestion(ring, spaceRequired))).getFirst();
    }

    /**
     * Asks about rings, {@value ArgoDescriptor#NOTIFY_MAX_ENTRIES} in one hypercall; Xen also wakes whoever waits for space that this
     * domain has freed.
     */
    synchronized List<RingStatus> ask(List<SpaceQuestion> questions) throws ArgoException {
        MemorySegment memory = frame.segment();
        List<RingStatus> answers = new ArrayList<>(questions.size());
        for (int from = 0; from < questions.size(); from += ArgoDescriptor.NOTIFY_MAX_ENTRIES) {
            int count = Math.min(ArgoDescriptor.NOTIFY_MAX_ENTRIES, questions.size() - from);
            ArgoDescriptor.ringData(memory, LONG_LIST, count);
            for (int i = 0; i < count; i++) {
                SpaceQuestion question = questions.get(from + i);
                ArgoDescriptor.ringDataEnt(memory, LONG_LIST, i, question.destination(), question.spaceRequired());
            }
            notifications.increment();
            long result = xen.argo(ArgoDescriptor.OP_NOTIFY, memory.address() + LONG_LIST, 0, 0, 0);
            if (result < 0) {
                throw new ArgoException(ArgoError.of((int) -result), "Xen does not answer questions about rings");
            }
            for (int i = 0; i < count; i++) {
                answers.add(ArgoDescriptor.ringStatus(memory, LONG_LIST, i));
            }
        }
        return answers;
    }

    /** Has Xen wake whoever waits for space that this domain has freed. */
    void announceSpace() {
        notifications.increment();
        long _ = xen.argo(
                ArgoDescriptor.OP_NOTIFY, 0, 0, 0, 0); // nothing can be wrong with it but what the next call says
    }

    /** For people: the hypercalls so far. */
    String counts() {
        return sends + " sendv, " + notifications + " notify, " + registrations + " register or unregister";
    }

    @Override
    public void close() {
        frame.letGo();
        xen.close();
    }
}
