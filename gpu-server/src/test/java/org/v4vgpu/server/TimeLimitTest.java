package org.v4vgpu.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TimeLimitTest {
    @Test
    void readsWhatPeopleWrite() {
        assertEquals(Duration.ofMillis(500), TimeLimit.parse("500ms").duration());
        assertEquals(Duration.ofSeconds(30), TimeLimit.parse(" 30 S ").duration());
        assertEquals(Duration.ofMinutes(10), TimeLimit.parse("10m").duration());
        assertEquals(Duration.ofHours(999_999), TimeLimit.parse("999999h").duration());
        assertNull(TimeLimit.parse("0").duration());
        assertNull(TimeLimit.parse("0s").duration());
    }

    @Test
    void refusesAnythingElseInOneLine() {
        for (String wrong : new String[] {"", "soon", "10", "-1s", "1.5s", "1000000h", "5 d", "ms"}) {
            String text =
                    String.valueOf(assertThrows(IllegalArgumentException.class, () -> TimeLimit.parse(wrong), wrong)
                            .getMessage());
            assertTrue(text.contains("500ms") && !text.contains("\n"), text);
        }
    }
}
