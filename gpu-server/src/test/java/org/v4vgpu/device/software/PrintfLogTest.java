package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PrintfLogTest {
    private final List<String> lines = new ArrayList<>();
    private final PrintfLog log = new PrintfLog(lines::add);

    @Test
    void writesWholeLines() {
        log.append("i=").append('1').append("\nrest");
        assertEquals(List.of("i=1"), lines);
        log.flush();
        log.flush();
        assertEquals(List.of("i=1", "rest"), lines);
    }

    @Test
    void keepsAStrangersTextInItsLine() {
        log.append("a\r\u001b[31mred\tx\n");
        assertEquals(List.of("a  [31mred x"), lines);
        log.append("y".repeat(3000)).append('\n');
        assertEquals(4, lines.size());
        assertTrue(lines.stream().allMatch(line -> line.length() <= 1024));
    }

    @Test
    void endsWithANoteWhenThereIsTooMuch() {
        for (int i = 0; i < 20_000; i++) {
            log.append("line\n");
        }
        assertEquals(10_001, lines.size());
        assertTrue(lines.getLast().contains("dropped"), lines.getLast());
    }
}
