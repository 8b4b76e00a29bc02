package org.v4vgpu.device.ptx.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PrintfOutputTest {
    @Test
    void dropsWhatExceedsTheLimitOfALaunch() {
        StringBuilder sink = new StringBuilder();
        PrintfOutput output = new PrintfOutput(sink);
        String text = "x".repeat(1000);
        for (int i = 0; i < 5000; i++) {
            output.append(text);
        }
        assertEquals(
                PrintfOutput.MOST_CHARACTERS, sink.chars().filter(c -> c == 'x').count());
        assertTrue(sink.toString().endsWith("the rest is dropped]\n"), "no note");
        assertTrue(sink.length() < PrintfOutput.MOST_CHARACTERS + 100);
        new PrintfOutput(sink).append("next launch");
        assertTrue(sink.toString().endsWith("next launch"));
    }

    @Test
    void takesExactlyTheLimitWithoutANote() {
        StringBuilder sink = new StringBuilder();
        PrintfOutput output = new PrintfOutput(sink);
        output.append("x".repeat(PrintfOutput.MOST_CHARACTERS));
        assertEquals(PrintfOutput.MOST_CHARACTERS, sink.length());
        output.append("y");
        assertTrue(sink.toString().endsWith("the rest is dropped]\n"));
    }
}
