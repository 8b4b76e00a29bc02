package org.v4vgpu.v4v;

import java.io.IOException;

/** The peer of a channel died or vanished without closing it. */
public final class PeerLostException extends IOException {
    public PeerLostException(String message) {
        super(message);
    }
}
