package org.v4vgpu.v4v.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Processes of one domain: one of them leads, and what a killed one leaves is cleaned up by another. */
@Timeout(60)
class DomainDirectoryTest {
    private static final long PORT = 0xFFFF_FFF1L;

    @TempDir
    Path directory;

    private DomainDirectory enter() throws IOException {
        return DomainDirectory.enter(directory.resolve("state"), directory.resolve("memory"));
    }

    private Process start() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LedgerHolder.class.getName(),
                        directory.resolve("state").toString(),
                        directory.resolve("memory").toString(),
                        Long.toString(PORT))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static String line(Process process) throws IOException {
        BufferedReader reader = process.inputReader(StandardCharsets.UTF_8);
        return String.valueOf(reader.readLine());
    }

    private List<Path> ledgers() throws IOException {
        try (var files = Files.list(directory.resolve("state"))) {
            return files.filter(file -> file.toString().endsWith(".rings")).toList();
        }
    }

    @Test
    void oneLeadsUntilItIsKilledAndAnotherUnregistersWhatItLeft() throws Exception {
        Process first = start();
        assertEquals("leads", line(first));
        List<Path> its = ledgers();
        assertEquals(1, its.size());
        Path memory = directory
                .resolve("memory")
                .resolve(its.getFirst().getFileName().toString().replace(".rings", ""));
        Files.writeString(memory, "rings");
        try (DomainDirectory own = enter()) {
            List<Long> ports = new ArrayList<>();
            assertFalse(own.tryLead(), "the first one lives");
            own.reap((port, partner) -> ports.add(port));
            assertEquals(List.of(), ports, "and so do its rings");
            own.ledger().note(5, 6);
            first.destroyForcibly();
            assertTrue(first.waitFor(10, TimeUnit.SECONDS));
            assertTrue(own.tryLead());
            own.reap((port, partner) -> {
                assertEquals(3, partner);
                assertTrue(Files.exists(memory), "Xen may still write there");
                ports.add(port);
            });
            assertEquals(List.of(PORT), ports);
            assertFalse(Files.exists(memory));
            assertEquals(1, ledgers().size(), "its own stays");
        }
        assertEquals(0, ledgers().size());
    }

    @Test
    void aFollowerIsWokenByTheCountOfEventsOfTheLeader() throws Exception {
        try (DomainDirectory own = enter()) {
            int seen = own.events().value();
            Thread leader = Thread.ofPlatform().start(own.events()::signal);
            own.events().await(seen, 10_000_000_000L);
            leader.join();
            assertEquals(seen + 1, own.events().value());
        }
    }

    @Test
    void leavesARingThatWasStruckAlone() throws Exception {
        Process process = start();
        line(process);
        try (DomainDirectory own = enter()) {
            RingLedger.Entry entry = own.ledger().note(1, 2);
            RingLedger.Entry next = own.ledger().note(1, 2);
            assertTrue(entry.place() != next.place(), "each attempt has its own place");
            own.ledger().strike(entry);
            assertEquals(entry.place(), own.ledger().note(3, 4).place());
        } finally {
            process.getOutputStream().close(); // it leaves in order
            assertTrue(process.waitFor(10, TimeUnit.SECONDS));
        }
        assertEquals(0, ledgers().size());
    }
}
