package org.v4vgpu.bench.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The namespaces and what crosses them. Skipped where this user may not make any. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class NetworkBridgeTest {
    @Test
    void carriesBetweenTheNamespacesAndLeavesNothingBehind() throws Exception {
        NetworkBridge opened = open();
        assumeTrue(opened != null, "this user may not make network namespaces");
        List<String> before = interfaces();
        try (NetworkBridge bridge = Objects.requireNonNull(opened)) {
            List<String> near = bridge.near(NetworkBridgeTest::interfaces);
            assertEquals(List.of("eth0", "lo"), near);
            assertEquals(before, interfaces(), "the thread is back home");
            Process ping = new ProcessBuilder(Stream.concat(
                                    bridge.far().stream(), Stream.of("ip", "-brief", "addr", "show", "dev", "eth0"))
                            .toList())
                    .start();
            String far = new String(ping.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            assertEquals(0, ping.waitFor());
            assertEquals(true, far.contains(bridge.farAddress() + "/30"), far);
            assertEquals(
                    true,
                    bridge.near(() -> InetAddress.getByName(bridge.farAddress()).isReachable(5000)),
                    "the far side answers the near one");
        }
        try (Stream<Path> left = Files.list(Path.of("/run/netns"))) {
            String own = "v4vgpu-bench-" + ProcessHandle.current().pid() + "-";
            assertFalse(left.anyMatch(file -> String.valueOf(file.getFileName()).startsWith(own)));
        }
    }

    private static @Nullable NetworkBridge open() {
        try {
            return NetworkBridge.open();
        } catch (IOException e) {
            return null;
        }
    }

    private static List<String> interfaces() throws IOException {
        return NetworkInterface.networkInterfaces()
                .map(NetworkInterface::getName)
                .sorted()
                .toList();
    }
}
