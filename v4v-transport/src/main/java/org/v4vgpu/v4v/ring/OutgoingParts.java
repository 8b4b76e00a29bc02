package org.v4vgpu.v4v.ring;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;

/**
 * One message that {@link V4vHypervisor#sendv} gathers: its checks, in the order that Argo makes them, and the copy into a ring.
 * Confined to the sending thread.
 *
 * @param source whose domain is the sender's own
 */
public record OutgoingParts(V4vAddress source, V4vAddress destination, int messageType, List<MemorySegment> parts) {
    /**
     * The message, with the sender's own domain for a source.
     *
     * @throws ArgoException EINVAL for too many parts; EPERM for a foreign source
     */
    public static OutgoingParts of(
            int domain, V4vAddress source, V4vAddress destination, int messageType, List<MemorySegment> parts)
            throws ArgoException {
        if (parts.size() > V4vHypervisor.MAXIMUM_PARTS) {
            throw new ArgoException(ArgoError.EINVAL, parts.size() + " parts, at most " + V4vHypervisor.MAXIMUM_PARTS);
        }
        if (source.domain() != domain && source.domain() != V4vAddress.DOMAIN_ANY) {
            throw new ArgoException(ArgoError.EPERM, "domain " + domain + " can't send as domain " + source.domain());
        }
        return new OutgoingParts(new V4vAddress(domain, source.port()), destination, messageType, parts);
    }

    /**
     * The length of the message.
     *
     * @throws ArgoException EINVAL for a part, EMSGSIZE for a sum that no ring takes
     */
    public int totalBytes() throws ArgoException {
        long total = 0;
        for (MemorySegment part : parts) {
            if (part.byteSize() > V4vHypervisor.MAXIMUM_MESSAGE_BYTES) {
                throw new ArgoException(ArgoError.EINVAL, "a part of " + part.byteSize() + " bytes for " + destination);
            }
            total += part.byteSize();
            if (total > V4vHypervisor.MAXIMUM_MESSAGE_BYTES) {
                throw new ArgoException(
                        ArgoError.EMSGSIZE,
                        "a message of more than " + V4vHypervisor.MAXIMUM_MESSAGE_BYTES + " bytes for " + destination);
            }
        }
        return (int) total;
    }

    /**
     * Writes the message into its ring, all or nothing.
     *
     * @param totalBytes as {@link #totalBytes} said
     * @throws ArgoException EAGAIN if it does not fit now; what {@link SharedSendRing#claim} throws
     */
    public void write(SharedSendRing ring, int totalBytes) throws IOException {
        if (!ring.claim(totalBytes)) {
            throw new ArgoException(
                    ArgoError.EAGAIN, "no space for " + totalBytes + " bytes in the ring at " + destination);
        }
        int at = 0;
        for (MemorySegment part : parts) {
            ring.put(at, part, 0, part.byteSize());
            at += (int) part.byteSize();
        }
        ring.commit(source, messageType);
    }
}
