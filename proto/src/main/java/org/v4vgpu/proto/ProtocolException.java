package org.v4vgpu.proto;

import java.io.IOException;

/** The peer sent bytes that this protocol does not allow, or speaks another version of it. Ends the lane. */
public final class ProtocolException extends IOException {
    public ProtocolException(String message) {
        super(message);
    }

    public ProtocolException(String message, Throwable cause) {
        super(message, cause);
    }
}
