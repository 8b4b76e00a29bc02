package org.v4vgpu.v4v.shm;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.v4vgpu.v4v.ring.RingDescriptor;

/**
 * A domain of this process that answers each request with what it has been told, and hangs up when it has been told no more. Each socket
 * has a thread of its own; to be told things is for any thread.
 */
final class ScriptedDomain implements AutoCloseable {
    /** Of the ring, and of the window, that answers may bring. */
    static final int RING_BYTES = 4096;

    private static final long HANG_UP_NANOS = 10_000_000_000L;

    /** An answer: the packet, and what of it is put right before it goes out. */
    private record Answer(MemorySegment packet, boolean repeatsId, int passed) {}

    private static final int PASSES_NOTHING = 0;
    private static final int PASSES_RING = 1;

    private final DomainClaim claim;
    private final int listening;
    private final int ring;
    private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
    private final AtomicInteger sockets = new AtomicInteger();
    private volatile boolean hangsUp;
    private volatile boolean closed;

    static ScriptedDomain open(Fabric fabric, int domain) throws IOException {
        DomainClaim claim = DomainClaim.of(fabric, domain);
        int listening = Linux.seqpacketSocket();
        Linux.bindAndListen(listening, fabric.socket(domain), 8);
        long bytes = RingDescriptor.mappedBytes(RING_BYTES);
        int ring = Linux.sealedMemory("v4v-ring-of-a-liar", bytes);
        try (Arena arena = Arena.ofConfined()) {
            RingDescriptor.initialize(Linux.map(ring, bytes, arena), RING_BYTES, 7, 1); // it can be attached to
        }
        ScriptedDomain scripted = new ScriptedDomain(claim, listening, ring);
        Thread.ofPlatform().daemon().name("scripted-domain").start(scripted::serve);
        return scripted;
    }

    private ScriptedDomain(DomainClaim claim, int listening, int ring) {
        this.claim = claim;
        this.listening = listening;
        this.ring = ring;
    }

    /** Takes its next answers from the data, all that there is. */
    void follow(FuzzedDataProvider data) {
        answers.clear();
        hangsUp = false;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packet = arena.allocate(ControlDescriptor.BYTES + 64L, 8);
            boolean greets = data.consumeInt(0, 7) > 0;
            if (greets) {
                ControlDescriptor.write(packet, ControlDescriptor.HELLO, 0, 0, 0, data.consumeInt(-1, 50), 0, 1);
                answers.add(new Answer(bytes(packet, ControlDescriptor.BYTES), true, PASSES_NOTHING));
            }
            while (data.remainingBytes() > 0 && answers.size() < 16) {
                answers.add(next(packet, data));
            }
        }
    }

    private static Answer next(MemorySegment packet, FuzzedDataProvider data) {
        ControlDescriptor.write(
                packet,
                data.consumeInt(0, 9) > 0 ? data.consumeInt(1, 7) : data.consumeInt(),
                data.consumeInt(),
                data.consumeBoolean() ? 0 : data.consumeInt(),
                data.consumeInt(),
                data.consumeInt(0, 3) > 0 ? RING_BYTES * data.consumeInt(0, 2) : data.consumeInt(),
                data.consumeInt(),
                data.consumeLong());
        if (data.consumeInt(0, 15) == 0) { // also the magic and the version
            packet.set(ValueLayout.JAVA_INT, 4L * data.consumeInt(0, 9), data.consumeInt());
        }
        int length = data.consumeInt(0, 7) > 0 ? ControlDescriptor.BYTES : data.consumeInt(1, 104);
        return new Answer(bytes(packet, length), data.consumeInt(0, 7) > 0, data.consumeInt(0, 2));
    }

    /** A copy. */
    private static MemorySegment bytes(MemorySegment packet, int length) {
        return MemorySegment.ofArray(packet.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
    }

    /** Ends the connections that there are; their other side then connects anew. */
    void hangUp() {
        answers.clear();
        hangsUp = true;
        long start = System.nanoTime();
        while (sockets.get() > 0) {
            if (System.nanoTime() - start > HANG_UP_NANOS) {
                throw new AssertionError(sockets + " sockets of a scripted domain do not end");
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        hangUp();
        Linux.close(ring);
        claim.close();
    }

    private void serve() {
        try {
            while (!closed) {
                if (isReadable(listening, 1000)) {
                    int fd = Linux.accept(listening);
                    sockets.incrementAndGet();
                    Thread.ofPlatform().daemon().start(() -> serve(fd));
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } finally {
            Linux.close(listening);
        }
    }

    private static boolean isReadable(int fd, int millis) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment poll = arena.allocate(8, 4);
            poll.set(ValueLayout.JAVA_INT, 0, fd);
            poll.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
            return Linux.poll(poll, 1, millis) > 0;
        }
    }

    private void serve(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packet = arena.allocate(ControlDescriptor.MAXIMUM_PACKET_BYTES, 8);
            boolean talks = true;
            while (talks && !hangsUp) {
                talks = !isReadable(fd, 1) || answer(fd, packet);
            }
        } catch (IOException e) {
            return; // the other side has gone
        } finally {
            Linux.close(fd);
            sockets.decrementAndGet();
        }
    }

    /** Takes a request. False if there is none or no answer to it. */
    private boolean answer(int fd, MemorySegment packet) throws IOException {
        Linux.Packet request = Linux.receive(fd, packet);
        if (request.fd() >= 0) {
            Linux.close(request.fd());
        }
        Answer answer = answers.poll();
        if (request.bytes() == 0 || answer == null) {
            return false;
        }
        answer(fd, ControlDescriptor.id(packet), answer);
        return true;
    }

    private void answer(int fd, int id, Answer answer) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packet = arena.allocate(answer.packet.byteSize(), 8).copyFrom(answer.packet);
            if (answer.repeatsId && packet.byteSize() >= ControlDescriptor.BYTES) {
                packet.set(ValueLayout.JAVA_INT, 8, id);
            }
            Linux.send(fd, packet, answer.passed == PASSES_RING ? ring : -1);
        }
    }
}
