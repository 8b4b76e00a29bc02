package org.v4vgpu.v4v.socket;

import java.io.IOException;
import java.net.BindException;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.LocalDomains;
import org.v4vgpu.v4v.V4vHypervisor;

/**
 * The domain that a socket is in. Safe for any thread.
 *
 * @param fixed the domain, or null for those of the process: {@link LocalDomains}
 */
record Home(@Nullable V4vHypervisor fixed) {
    static final Home PROCESS = new Home(null);

    V4vHypervisor toConnect() throws IOException {
        return fixed == null ? LocalDomains.toConnect() : fixed;
    }

    /** @param domain the domain to listen at, or {@link DomainNames#OWN} */
    V4vHypervisor toListen(int domain) throws IOException {
        if (fixed == null) {
            return domain == DomainNames.OWN ? LocalDomains.toConnect() : LocalDomains.toListen(domain);
        }
        if (domain != DomainNames.OWN && domain != fixed.domain()) {
            throw new BindException(
                    "Cannot assign requested address: this is domain " + fixed.domain() + ", not " + domain);
        }
        return fixed;
    }
}
