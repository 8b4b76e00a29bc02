package org.v4vgpu.v4v;

import java.io.IOException;

/** The other side of a ring wrote positions or lengths that can't be. The ring must not be used any more. */
public final class RingCorruptedException extends IOException {
    private static final long serialVersionUID = 1L;

    public RingCorruptedException(String message) {
        super(message);
    }
}
