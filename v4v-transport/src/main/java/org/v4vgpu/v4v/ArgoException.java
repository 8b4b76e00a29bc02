package org.v4vgpu.v4v;

import java.io.IOException;

/** A hypervisor refused a request. The message is one line that begins with the error's name. */
public final class ArgoException extends IOException {
    private static final long serialVersionUID = 1L;

    private final ArgoError error;

    public ArgoException(ArgoError error, String message) {
        super(error + ": " + message);
        this.error = error;
    }

    public ArgoError error() {
        return error;
    }
}
