package org.v4vgpu.device.ptx.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Where the printf of one launch goes, up to 1 MiB of text; then comes a note, and nothing more. A {@link PrintfBuffer} takes any
 * amount. Launches that share a sink take turns, call by call. Safe for any thread. Source of the limit: the default of
 * CU_LIMIT_PRINTF_FIFO_SIZE.
 */
public final class PrintfOutput {
    static final int MOST_CHARACTERS = 1 << 20;

    private static final String NOTE = "\n[more than 1 MiB printed by one launch: the rest is dropped]\n";

    private final Appendable sink;
    private long left; // Guarded by the sink; negative once the note is written.

    public PrintfOutput(Appendable sink) {
        this.sink = sink;
        this.left = sink instanceof PrintfBuffer ? Long.MAX_VALUE : MOST_CHARACTERS;
    }

    void append(String text) {
        synchronized (sink) {
            if (left < 0) {
                return;
            }
            try {
                int taken = (int) Math.min(left, text.length());
                sink.append(text, 0, taken);
                left -= taken;
                if (taken < text.length()) {
                    left = -1;
                    sink.append(NOTE);
                }
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
    }
}
