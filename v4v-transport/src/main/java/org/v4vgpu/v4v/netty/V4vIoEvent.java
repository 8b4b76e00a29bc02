package org.v4vgpu.v4v.netty;

import io.netty.channel.IoEvent;

/**
 * What has come of that for which a channel waits.
 *
 * @param ops the part of its interest that is there
 */
record V4vIoEvent(V4vIoOps ops) implements IoEvent {
    private static final V4vIoEvent[] ALL = all();

    private static V4vIoEvent[] all() {
        V4vIoEvent[] all = new V4vIoEvent[V4vIoOps.values().length];
        for (V4vIoOps ops : V4vIoOps.values()) {
            all[ops.ordinal()] = new V4vIoEvent(ops);
        }
        return all;
    }

    /** The one event of that kind: the loop allocates none. */
    static V4vIoEvent of(V4vIoOps ops) {
        return ALL[ops.ordinal()];
    }
}
