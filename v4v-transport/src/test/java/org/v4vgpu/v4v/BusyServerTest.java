package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.v4vgpu.v4v.ring.WaitMode;

/**
 * Busy connections take no processor away from others: of a server and two clients, all bound to the same two processors or to one, one
 * client exchanges messages without a pause on several connections, the other sleeps between its messages. Both get on, and whoever sleeps
 * is woken in time, however these processes wait.
 */
@Timeout(60)
class BusyServerTest {
    private static final int EXCHANGES = 150;
    private static final long WAKE_UP_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    @TempDir
    Path fabric;

    @ParameterizedTest
    @CsvSource({"1, BALANCED", "2, BALANCED", "2, LATENCY", "2, THRIFTY"})
    void letsASleepingClientInAndTheBusyOneGoOn(int processors, WaitMode mode) throws IOException {
        String shared = BusyProcess.processors(processors);
        try (BusyProcess server = BusyProcess.start(shared, "serve", fabric, mode)) {
            assertEquals("v4v://1:4840", server.readLine());
            try (BusyProcess busy = BusyProcess.start(shared, "hurry", fabric, mode);
                    BusyProcess sleepy = BusyProcess.start(shared, "pause", fabric, mode)) {
                long[] before = counts(busy);
                String _ = sleepy.ask("20"); // both sides have loaded what they need
                long longest = Long.parseLong(sleepy.ask(Integer.toString(EXCHANGES)));
                long[] after = counts(busy);
                assertTrue(longest < WAKE_UP_NANOS, "an exchange took " + longest + " ns on processors " + shared);
                for (int lane = 0; lane < BusyProcess.LANES; lane++) {
                    assertTrue(
                            after[lane] - before[lane] > EXCHANGES,
                            "a busy connection made " + (after[lane] - before[lane]) + " exchanges meanwhile");
                }
            }
        }
    }

    private static long[] counts(BusyProcess busy) throws IOException {
        return Arrays.stream(busy.ask("how many?").split(" "))
                .mapToLong(Long::parseLong)
                .toArray();
    }
}
