package org.v4vgpu.v4v.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** How a process is told to wait. That no mode loses a wake-up is {@code BusyServerTest}'s. */
@Isolated("sets a property")
class WaitModeTest {
    private final Logger logger = Logger.getLogger(WaitMode.class.getName());
    private final List<String> logged = new ArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord log) {
            logged.add(log.getLevel() + ": " + new SimpleFormatter().formatMessage(log));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        logger.addHandler(handler);
    }

    @AfterEach
    void forget() {
        logger.removeHandler(handler);
        System.clearProperty(WaitMode.PROPERTY);
    }

    private static WaitMode of(String name) {
        System.setProperty(WaitMode.PROPERTY, name);
        return WaitMode.ofProcess();
    }

    @Test
    void isTheOneThatIsNamed() {
        assertEquals(WaitMode.LATENCY, of("latency"));
        assertEquals(WaitMode.BALANCED, of("balanced"));
        assertEquals(WaitMode.THRIFTY, of("Thrifty"));
        assertEquals(List.of(), logged);
    }

    @Test
    void isBalancedForAnUnknownNameAndSaysSo() {
        assertEquals(WaitMode.BALANCED, of("none such"));
        assertEquals(
                List.of(
                        "WARNING: no such way to wait: 'none such'; choose latency, balanced or thrifty; taking balanced"),
                logged);
    }
}
