package org.v4vgpu.v4v;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** A hypervisor on which a listening ring is registered before anybody listens: requests can lie in it from the start. */
final class WaitingRequests implements V4vHypervisor {
    private final V4vHypervisor hypervisor;
    private final ReceiveRing listening;

    WaitingRequests(V4vHypervisor hypervisor, ReceiveRing listening) {
        this.hypervisor = hypervisor;
        this.listening = listening;
    }

    @Override
    public int domain() {
        return hypervisor.domain();
    }

    @Override
    public String place() {
        return hypervisor.place();
    }

    @Override
    public V4vHypervisor withPatience(long timeoutNanos) {
        return hypervisor.withPatience(timeoutNanos);
    }

    @Override
    public ReceiveRing register(long port, int partner, int lengthBytes) throws ArgoException {
        return port == listening.address().port() && partner == V4vAddress.DOMAIN_ANY
                ? listening
                : hypervisor.register(port, partner, lengthBytes);
    }

    @Override
    public SendRing attach(long sourcePort, V4vAddress destination) throws ArgoException {
        return hypervisor.attach(sourcePort, destination);
    }

    @Override
    public int sendv(V4vAddress source, V4vAddress destination, int messageType, List<MemorySegment> parts)
            throws ArgoException {
        return hypervisor.sendv(source, destination, messageType, parts);
    }

    @Override
    public RingStatus notify(V4vAddress destination, int spaceRequired) throws ArgoException {
        return hypervisor.notify(destination, spaceRequired);
    }

    @Override
    public boolean awaitSpace(V4vAddress destination, int spaceRequired, long timeoutNanos) throws ArgoException {
        return hypervisor.awaitSpace(destination, spaceRequired, timeoutNanos);
    }

    @Override
    public void close() {
        hypervisor.close();
    }
}
