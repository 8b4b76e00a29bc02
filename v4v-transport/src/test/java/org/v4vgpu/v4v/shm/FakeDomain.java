package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A domain of this process that hands out a descriptor of the test's choice as its ring, and as its window. One thread serves one socket.
 */
final class FakeDomain implements AutoCloseable {
    private final DomainClaim claim;
    private final int listening;
    private final int ringFd;
    private final int lengthBytes;
    private final AtomicInteger handedOut = new AtomicInteger();
    private final Thread thread;
    private volatile boolean closed;

    /** @param ringFd a descriptor that stays the caller's */
    static FakeDomain open(Fabric fabric, int domain, int ringFd, int lengthBytes) throws IOException {
        DomainClaim claim = DomainClaim.of(fabric, domain);
        int listening = Linux.seqpacketSocket();
        Linux.bindAndListen(listening, fabric.socket(domain), 8);
        return new FakeDomain(claim, listening, ringFd, lengthBytes);
    }

    private FakeDomain(DomainClaim claim, int listening, int ringFd, int lengthBytes) {
        this.claim = claim;
        this.listening = listening;
        this.ringFd = ringFd;
        this.lengthBytes = lengthBytes;
        this.thread = Thread.ofPlatform().daemon().start(this::serve);
    }

    int handedOut() {
        return handedOut.get();
    }

    private void serve() {
        int fd = -1;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packet = arena.allocate(ControlDescriptor.MAXIMUM_PACKET_BYTES, 8);
            while (!closed) {
                try {
                    if (fd < 0) {
                        fd = Linux.accept(listening);
                    }
                    if (Linux.receive(fd, packet).bytes() == 0) {
                        return;
                    }
                    answer(fd, packet);
                } catch (LinuxException e) {
                    Thread.onSpinWait(); // nobody there yet
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } finally {
            if (fd >= 0) {
                Linux.close(fd);
            }
        }
    }

    private void answer(int fd, MemorySegment packet) throws IOException {
        int kind = ControlDescriptor.kind(packet);
        boolean isResolve = kind == ControlDescriptor.RESOLVE || kind == ControlDescriptor.WINDOW;
        int id = ControlDescriptor.id(packet);
        MemorySegment reply = packet.asSlice(0, ControlDescriptor.BYTES);
        ControlDescriptor.write(reply, ControlDescriptor.kind(packet), id, 0, 7, lengthBytes, 0, 1);
        if (isResolve) {
            handedOut.incrementAndGet();
        }
        Linux.send(fd, reply, isResolve ? ringFd : -1);
    }

    @Override
    public void close() throws IOException {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Linux.close(listening);
        claim.close();
    }
}
