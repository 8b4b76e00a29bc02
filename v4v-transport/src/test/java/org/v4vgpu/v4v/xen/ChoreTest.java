package org.v4vgpu.v4v.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is said of a chore that fails again and again. */
class ChoreTest {
    private static final String FAILURE = "the chore of a test";

    private final Logger logger = Logger.getLogger(Chore.class.getName());
    private final List<String> logged = new CopyOnWriteArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord log) {
            if (log.getMessage().startsWith(FAILURE)) { // domains of other tests have chores, too
                logged.add(log.getMessage());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    private @Nullable String cause;

    private final Chore chore = new Chore(FAILURE, () -> {
        if (cause != null) {
            throw new IOException(cause);
        }
    });

    @BeforeEach
    void listen() {
        logger.addHandler(handler);
    }

    @AfterEach
    void forget() {
        logger.removeHandler(handler);
    }

    @Test
    void saysACauseOnceUntilItSucceedsOrFailsForAnotherOne() {
        cause = "full";
        assertFalse(chore.run());
        assertFalse(chore.run());
        assertEquals(List.of(FAILURE + ": full"), logged);
        cause = "gone";
        assertFalse(chore.run());
        cause = null;
        assertTrue(chore.run());
        cause = "gone";
        assertFalse(chore.run());
        assertFalse(chore.run());
        assertEquals(List.of(FAILURE + ": full", FAILURE + ": gone", FAILURE + ": gone"), logged);
    }
}
