package org.v4vgpu.device.software;

import java.lang.System.Logger.Level;
import java.util.function.Consumer;

/**
 * Where the printf of a context's kernels goes: lines of the log. Safe for any thread. What a kernel prints is a stranger's text:
 * control characters are replaced, lines and their number are limited.
 */
final class PrintfLog implements Appendable {
    private static final System.Logger LOG = System.getLogger("org.v4vgpu.device.printf");
    private static final int LONGEST_LINE = 1024;
    private static final int MOST_LINES = 10_000;

    private final Consumer<String> sink;

    // Guarded by this.
    private final StringBuilder line = new StringBuilder();
    private int lines;

    /** Writes lines to a sink, one call at a time. */
    PrintfLog(Consumer<String> sink) {
        this.sink = sink;
    }

    /** Writes to the log, each line behind a name. */
    static PrintfLog of(String name) {
        return new PrintfLog(line -> LOG.log(Level.INFO, "{0}: {1}", name, line));
    }

    @Override
    public synchronized PrintfLog append(CharSequence text) {
        return append(text, 0, text.length());
    }

    @Override
    public synchronized PrintfLog append(CharSequence text, int start, int end) {
        for (int i = start; i < end; i++) {
            append(text.charAt(i));
        }
        return this;
    }

    @Override
    public synchronized PrintfLog append(char character) {
        if (character == '\n') {
            endLine();
        } else {
            line.append(Character.isISOControl(character) ? ' ' : character);
            if (line.length() == LONGEST_LINE) {
                endLine();
            }
        }
        return this;
    }

    /** Writes what a kernel left without a line's end. */
    synchronized void flush() {
        if (!line.isEmpty()) {
            endLine();
        }
    }

    private void endLine() {
        if (lines < MOST_LINES) {
            sink.accept(line.toString());
        } else if (lines == MOST_LINES) {
            sink.accept("more than " + MOST_LINES + " lines printed; the rest is dropped");
        }
        lines = Math.min(lines + 1, MOST_LINES + 1);
        line.setLength(0);
    }
}
