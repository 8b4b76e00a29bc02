package org.v4vgpu.device.software;

import java.lang.System.Logger.Level;

/**
 * Where the printf of a context's kernels goes: lines of the log. Safe for any thread. What a kernel prints is a stranger's text:
 * control characters are replaced, lines and their number are limited.
 */
final class PrintfLog implements Appendable {
    private static final System.Logger LOG = System.getLogger("org.v4vgpu.device.printf");
    private static final int LONGEST_LINE = 1024;
    private static final int MOST_LINES = 10_000;

    private final String name;
    private final StringBuilder line = new StringBuilder();
    private int lines;

    PrintfLog(String name) {
        this.name = name;
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
            flush();
        } else {
            line.append(Character.isISOControl(character) ? ' ' : character);
            if (line.length() == LONGEST_LINE) {
                flush();
            }
        }
        return this;
    }

    private void flush() {
        if (lines < MOST_LINES) {
            LOG.log(Level.INFO, "{0}: {1}", name, line);
        } else if (lines == MOST_LINES) {
            LOG.log(Level.WARNING, "{0}: more than {1} lines printed; the rest is dropped", name, MOST_LINES);
        }
        lines = Math.min(lines + 1, MOST_LINES + 1);
        line.setLength(0);
    }
}
