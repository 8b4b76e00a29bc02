package org.v4vgpu.v4v.xen;

import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;

/** Why Xen did not register a ring, and what to do. Stateless. */
final class RegistrationFailure {
    private RegistrationFailure() {}

    static ArgoException of(int domain, long port, int partner, int errno) {
        ArgoError error = ArgoError.of(errno);
        String ring = new V4vAddress(domain, port) + (partner == V4vAddress.DOMAIN_ANY ? "" : " for " + partner);
        return new ArgoException(
                error,
                switch (error) {
                    case EPERM ->
                        partner == V4vAddress.DOMAIN_ANY
                                ? "Xen permits no ring for any partner, which listening needs; boot it with"
                                        + " argo=1,mac-permissive=1"
                                : "Xen does not permit the ring " + ring;
                    case EACCES -> "the security policy of Xen (XSM) does not permit the ring " + ring;
                    case ESRCH -> "no domain " + partner;
                    case ENODEV -> "this domain may not use Argo";
                    case ECONNREFUSED -> "domain " + partner + " may not use Argo";
                    case ENOSPC -> "domain " + domain + " has " + V4vHypervisor.RINGS_PER_DOMAIN + " rings already";
                    case EEXIST -> ring + " is registered already";
                    case EAGAIN -> "the domain is being migrated; try again after that";
                    default -> "Xen does not register the ring " + ring;
                });
    }
}
