package org.v4vgpu.client.jcuda;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * One line per message where nobody has configured logging: java.util.logging, which then stands behind System.Logger, would write
 * two, the first of which says nothing to a JCuda programmer. To be touched only where the module java.logging is.
 */
final class OneLineLog extends Formatter {
    /** Kept: java.util.logging holds its loggers weakly. */
    private static final Logger OURS = Logger.getLogger("org.v4vgpu");

    private OneLineLog() {}

    static void install() {
        if (isUnconfigured()) {
            Handler handler = new ConsoleHandler();
            handler.setFormatter(new OneLineLog());
            OURS.addHandler(handler);
            OURS.setUseParentHandlers(false);
        }
    }

    private static boolean isUnconfigured() {
        Handler[] handlers = Logger.getLogger("").getHandlers();
        return System.getProperty("java.util.logging.config.file") == null
                && System.getProperty("java.util.logging.config.class") == null
                && System.getProperty("java.util.logging.SimpleFormatter.format") == null
                && OURS.getHandlers().length == 0
                && OURS.getLevel() == null
                && handlers.length == 1
                && handlers[0].getClass() == ConsoleHandler.class
                && handlers[0].getFormatter().getClass() == SimpleFormatter.class;
    }

    @Override
    public String format(LogRecord message) {
        // A server's compiler may have several lines to say.
        String text = formatMessage(message).strip().replaceAll("\\s*\\R\\s*", "; ");
        String line = "v4vgpu " + message.getLevel().getName() + ": " + text + System.lineSeparator();
        return message.getThrown() == null ? line : line + trace(message.getThrown());
    }

    private static String trace(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }
}
