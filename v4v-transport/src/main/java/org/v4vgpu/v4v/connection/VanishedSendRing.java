package org.v4vgpu.v4v.connection;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.Payload;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;

/**
 * The ring of a peer that accepted, perhaps said something, and closed before its ring could be attached: what it said can still
 * be received, nothing can be sent. Safe for any thread.
 */
final class VanishedSendRing implements SendRing {
    private final V4vAddress address;
    private final int lengthBytes;
    private final ArgoException cause;

    VanishedSendRing(V4vAddress address, int lengthBytes, ArgoException cause) {
        this.address = address;
        this.lengthBytes = lengthBytes;
        this.cause = cause;
    }

    @Override
    public V4vAddress address() {
        return address;
    }

    @Override
    public int lengthBytes() {
        return lengthBytes;
    }

    @Override
    public boolean claim(int messageBytes) throws ArgoException {
        throw new ArgoException(cause.error(), "the ring at " + address + " is gone");
    }

    @Override
    public void put(int at, MemorySegment source, long offset, long bytes) {
        throw nothingClaimed();
    }

    @Override
    public void putInt(int at, int value) {
        throw nothingClaimed();
    }

    @Override
    public Payload claimed(int from, int bytes) {
        throw nothingClaimed();
    }

    @Override
    public void commit(int messageType) {
        throw nothingClaimed();
    }

    private static IllegalStateException nothingClaimed() {
        return new IllegalStateException("nothing is claimed");
    }

    @Override
    public boolean hold() {
        return false;
    }

    @Override
    public void letGo() {
        throw new IllegalStateException("nothing is held");
    }

    @Override
    public boolean awaitSpace(int messageBytes, long timeoutNanos) {
        return true;
    }

    @Override
    public void wake() {}

    @Override
    public boolean isPartnerAlive() {
        return false;
    }

    @Override
    public void close() {}
}
