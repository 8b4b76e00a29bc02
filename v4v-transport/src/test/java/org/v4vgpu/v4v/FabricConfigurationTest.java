package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** What a fabric's properties permit and forbid, and how they are refused. */
@Timeout(60)
@Isolated("sets a property")
class FabricConfigurationTest {
    private static final String OVERRIDE = "v4vgpu.fabric.any-partner";

    @TempDir
    Path directory;

    @AfterEach
    void close() {
        System.clearProperty(OVERRIDE);
    }

    private void configure(String properties) throws IOException {
        Files.writeString(directory.resolve("fabric.properties"), properties);
    }

    private V4vHypervisor open(int domain) throws IOException {
        return SharedMemoryHypervisor.open(Fabric.of(directory), domain);
    }

    @Test
    void forbidsRingsForAnyPartner() throws IOException {
        configure("any-partner=false\n");
        try (V4vHypervisor domain = open(1)) {
            assertError(ArgoError.EINVAL, () -> domain.register(1, V4vAddress.DOMAIN_ANY, 47));
            assertError(ArgoError.EPERM, () -> domain.register(1, V4vAddress.DOMAIN_ANY, 4096));
            assertEquals(1, domain.register(1, 1, 4096).partner());
        }
        System.setProperty(OVERRIDE, "true");
        try (V4vHypervisor domain = open(1)) {
            assertEquals(
                    V4vAddress.DOMAIN_ANY,
                    domain.register(1, V4vAddress.DOMAIN_ANY, 4096).partner());
        }
    }

    @Test
    void allowsEachPortToItsDomains() throws IOException {
        configure("allow.1.10=2,5-7\nallow.1.*=3\nallow.1.11=none\nallow.2.10=none\n");
        try (V4vHypervisor receiver = open(1);
                V4vHypervisor second = open(2);
                V4vHypervisor third = open(3);
                V4vHypervisor sixth = open(6)) {
            receiver.register(10, V4vAddress.DOMAIN_ANY, 4096);
            receiver.register(11, V4vAddress.DOMAIN_ANY, 4096);
            receiver.register(12, 2, 4096);
            receiver.register(13, 3, 4096);
            assertEquals(1, send(second, 10));
            assertEquals(1, send(sixth, 10));
            assertError(ArgoError.EPERM, () -> send(third, 10));
            assertError(ArgoError.EPERM, () -> third.notify(new V4vAddress(1, 10), 1));
            for (V4vHypervisor domain : List.of(second, third, sixth)) {
                assertError(ArgoError.EPERM, () -> send(domain, 11));
            }
            assertError(ArgoError.EPERM, () -> second.attach(1, new V4vAddress(1, 12)));
            third.attach(1, new V4vAddress(1, 13)).close();
            assertError(ArgoError.EPERM, () -> send(second, 99));
            assertError(ArgoError.ECONNREFUSED, () -> send(third, 99));
        }
    }

    @Test
    void namesWhatIsNotUnderstood() throws IOException {
        for (String line : List.of(
                "any-partner=maybe",
                "stopped-millis=soon",
                "stopped-millis=-1",
                "allow.1.4840=5-2",
                "allow.1.4840=",
                "allow.1=2",
                "allow.40000.1=2",
                "allow.1.5000000000=2",
                "deny.1.1=2")) {
            configure(line + "\n");
            IOException e = assertThrows(IOException.class, () -> open(1));
            String key = line.substring(0, line.indexOf('='));
            assertTrue(String.valueOf(e.getMessage()).contains("'" + key + "'"), e.getMessage());
        }
        configure("");
        open(1).close();
    }

    private static int send(V4vHypervisor from, long port) throws ArgoException {
        return from.sendv(
                new V4vAddress(V4vAddress.DOMAIN_ANY, 1),
                new V4vAddress(1, port),
                1,
                List.of(MemorySegment.ofArray(new byte[1])));
    }

    private static void assertError(ArgoError error, org.junit.jupiter.api.function.Executable request) {
        assertEquals(error, assertThrows(ArgoException.class, request).error());
    }
}
