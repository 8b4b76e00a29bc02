package org.v4vgpu.v4v.connection;

import java.io.IOException;
import java.util.Optional;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.Window;
import org.v4vgpu.v4v.WindowPartner;

/** The domain at the other end of a connection, as somebody to share memory with. Immutable, safe for any thread. */
record DomainWindows(V4vHypervisor hypervisor, int partner) implements WindowPartner {
    static Optional<WindowPartner> with(V4vHypervisor hypervisor, int partner) {
        return hypervisor.sharesWindows() ? Optional.of(new DomainWindows(hypervisor, partner)) : Optional.empty();
    }

    @Override
    public Window share(long lengthBytes) throws IOException {
        return hypervisor.share(partner, lengthBytes);
    }

    @Override
    public Window open(long name, long lengthBytes) throws IOException {
        return hypervisor.open(partner, name, lengthBytes);
    }
}
