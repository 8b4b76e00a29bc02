package org.v4vgpu.v4v.netty;

import io.netty.channel.ChannelOption;
import org.v4vgpu.v4v.V4vHypervisor;

/** The options that V4V channels have beside Netty's. Immutable. */
public final class V4vChannelOption {
    /**
     * The bytes of the ring in which a channel receives, a multiple of 16 from 131072 to 16777152; of a server channel: those of
     * the channels that it accepts. The sum of what may be under way, and four times the largest piece that one copy moves. Default:
     * what {@value org.v4vgpu.v4v.connection.V4vConnections#RING_PROPERTY} says.
     */
    public static final ChannelOption<Integer> RING_BYTES = ChannelOption.valueOf(V4vChannelOption.class, "RING_BYTES");

    /**
     * The domain to connect from or to listen at. Default: the process's own, see {@link org.v4vgpu.v4v.LocalDomains}. The channel
     * does not close it.
     */
    public static final ChannelOption<V4vHypervisor> HYPERVISOR =
            ChannelOption.valueOf(V4vChannelOption.class, "HYPERVISOR");

    private V4vChannelOption() {}
}
