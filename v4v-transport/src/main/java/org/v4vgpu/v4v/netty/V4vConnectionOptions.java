package org.v4vgpu.v4v.netty;

import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.LocalDomains;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.connection.V4vConnections;

/** The values of {@link V4vChannelOption} for one channel. Safe for any thread. */
final class V4vConnectionOptions {
    private static final int SMALLEST_RING_BYTES = 4096;

    private volatile int ringBytes = V4vConnections.ordinaryRingBytes();
    private volatile @Nullable V4vHypervisor hypervisor;

    int ringBytes() {
        return ringBytes;
    }

    /** The domain to connect from. */
    V4vHypervisor anyDomain() throws IOException {
        V4vHypervisor chosen = hypervisor;
        return chosen == null ? LocalDomains.toConnect() : chosen;
    }

    /** A domain that this process must be. */
    V4vHypervisor domain(int domain) throws IOException {
        V4vHypervisor chosen = hypervisor;
        if (chosen == null) {
            return LocalDomains.toListen(domain);
        }
        if (chosen.domain() != domain) {
            throw new IOException("can't be domain " + domain + ": the channel's hypervisor is domain "
                    + chosen.domain() + " of " + chosen.place());
        }
        return chosen;
    }

    /** Adds our options to Netty's. */
    Map<ChannelOption<?>, Object> addTo(Map<ChannelOption<?>, Object> others) {
        others.put(V4vChannelOption.RING_BYTES, ringBytes);
        V4vHypervisor chosen = hypervisor;
        if (chosen != null) {
            others.put(V4vChannelOption.HYPERVISOR, chosen);
        }
        return others;
    }

    /** The value of an option of ours; null for others. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // an option's type is its value's
    <T> @Nullable T option(ChannelOption<T> option) {
        if (option.equals(V4vChannelOption.RING_BYTES)) {
            return (T) Integer.valueOf(ringBytes);
        }
        return option.equals(V4vChannelOption.HYPERVISOR) ? (T) hypervisor : null;
    }

    /** Whether the option is one of ours, and so has been set. */
    <T> boolean set(ChannelOption<T> option, T value) {
        if (option.equals(V4vChannelOption.RING_BYTES)) {
            int bytes = (Integer) value;
            if (bytes < SMALLEST_RING_BYTES
                    || bytes > V4vHypervisor.MAXIMUM_RING_BYTES
                    || bytes % V4vHypervisor.SLOT_BYTES != 0) {
                throw new IllegalArgumentException("RING_BYTES " + bytes + ": must be a multiple of 16 from "
                        + SMALLEST_RING_BYTES + " to " + V4vHypervisor.MAXIMUM_RING_BYTES);
            }
            ringBytes = bytes;
            return true;
        }
        if (option.equals(V4vChannelOption.HYPERVISOR)) {
            hypervisor = (V4vHypervisor) value;
            return true;
        }
        return false;
    }
}
