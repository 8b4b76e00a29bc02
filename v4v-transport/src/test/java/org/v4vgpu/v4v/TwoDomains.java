package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** Two domains on a hypervisor, 1 to send and 2 to receive, and what a hypervisor can do. Contracts build on it. */
@Timeout(60)
abstract class TwoDomains {
    static final int TYPE = 77;
    static final long PORT = 5000;
    static final long SECOND = 1_000_000_000L;

    protected V4vHypervisor sender;
    protected V4vHypervisor receiver;

    /** The view of a domain; domains opened in one test see each other. */
    protected abstract V4vHypervisor open(int domain) throws IOException;

    @BeforeEach
    void open() throws IOException {
        sender = open(1);
        receiver = open(2);
    }

    @AfterEach
    void close() {
        sender.close();
        receiver.close();
    }

    /** Whether there can be other domains than the two. */
    protected boolean hasMoreDomains() {
        return true;
    }

    /** Rings of the receiver's domain that the test did not register. */
    protected int ringsInUse() {
        return 0;
    }

    /** Messages where many are to be tried; fewer where each takes long. */
    protected int rounds() {
        return 2000;
    }

    /** After so long a sender that waits knows that the ring has gone. */
    protected long noticeMillis() {
        return 500;
    }

    /** Whether closing the hypervisor makes the domain go. */
    protected boolean domainsLeave() {
        return true;
    }

    /** Whether an attached writer's end is known at once, even where the ring has no space for another record. */
    protected boolean tellsTheEndBehindAFullRing() {
        return true;
    }

    /** Whether rings know who waits for their space; where senders look for themselves there is no limit to test. */
    protected boolean keepsWaitingLists() {
        return true;
    }

    interface Condition {
        boolean holds() throws IOException;
    }

    /** The check of a contract's own: something that another thread does within the second that the design allows it. */
    static void awaitTrue(Condition condition) throws IOException {
        long start = System.nanoTime();
        while (!condition.holds()) {
            assertTrue(System.nanoTime() - start < SECOND, "not noticed in a second");
            Thread.onSpinWait();
        }
    }

    int send(ReceiveRing ring, byte[] bytes) throws ArgoException {
        return sender.sendv(
                new V4vAddress(sender.domain(), 1), ring.address(), TYPE, List.of(MemorySegment.ofArray(bytes)));
    }

    static MemorySegment of(int... bytes) {
        byte[] array = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            array[i] = (byte) bytes[i];
        }
        return MemorySegment.ofArray(array);
    }

    static byte[] message(ReceiveRing ring) {
        byte[] bytes = new byte[ring.messageBytes()];
        ring.copy(0, MemorySegment.ofArray(bytes), 0, bytes.length);
        return bytes;
    }

    static void assertError(ArgoError error, org.junit.jupiter.api.function.Executable request) {
        assertEquals(error, assertThrows(ArgoException.class, request).error());
    }
}
