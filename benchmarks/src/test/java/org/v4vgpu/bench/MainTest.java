package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MainTest {
    @ParameterizedTest
    @ValueSource(strings = {"latency", "aggregate", "launch", "software", "report"})
    void refusesWhatIsNotBuiltAndNamesWhatIs(String name) {
        StringWriter error = new StringWriter();
        int exitCode = Main.commandLine().setErr(new PrintWriter(error, true)).execute("rpc", name);
        assertEquals(2, exitCode);
        assertTrue(
                error.toString()
                        .startsWith("benchmarks/run: no benchmark is called '" + name
                                + "'; there are pingpong, bandwidth, rpc, memcpy"),
                error.toString());
    }
}
