package org.v4vgpu.v4v.netty;

import io.netty.channel.IoEvent;
import io.netty.channel.IoOps;

/** What a channel waits for, and as an event what is there: bytes or an end to read, space or an end to write. Immutable. */
enum V4vIoOps implements IoOps, IoEvent {
    NONE(false, false),
    READ(true, false),
    SPACE(false, true),
    READ_AND_SPACE(true, true);

    private final boolean read;
    private final boolean space;

    V4vIoOps(boolean read, boolean space) {
        this.read = read;
        this.space = space;
    }

    static V4vIoOps of(boolean read, boolean space) {
        if (read) {
            return space ? READ_AND_SPACE : READ;
        }
        return space ? SPACE : NONE;
    }

    boolean read() {
        return read;
    }

    boolean space() {
        return space;
    }
}
