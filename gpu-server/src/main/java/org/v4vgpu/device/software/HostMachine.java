package org.v4vgpu.device.software;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** What the software device wants to know of the machine that it runs on. Safe for any thread. */
final class HostMachine {
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final int FALLBACK_CLOCK_KHZ = 1_000_000;

    private HostMachine() {}

    static int cores() {
        return Runtime.getRuntime().availableProcessors();
    }

    /** Memory of the machine, or of the container that this process is in. */
    static long memoryBytes() {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean machine) {
            return machine.getTotalMemorySize();
        }
        return Runtime.getRuntime().maxMemory();
    }

    /** The same for every process between two boots of the machine. */
    static UUID identity() {
        String machine;
        try {
            machine = Files.readString(BOOT_ID).strip();
        } catch (IOException e) {
            // Not Linux: the name must do.
            machine = System.getProperty("user.name") + '@' + System.getenv("HOSTNAME");
        }
        return UUID.nameUUIDFromBytes(("v4vgpu software device on " + machine).getBytes(StandardCharsets.UTF_8));
    }

    /** The processor's clock as the kernel sees it now. */
    static int clockKilohertz() {
        try (var lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith("cpu MHz"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .mapToInt(megahertz -> (int) (Double.parseDouble(megahertz) * 1000))
                    .filter(clock -> clock > 0)
                    .findFirst()
                    .orElse(FALLBACK_CLOCK_KHZ);
        } catch (IOException | NumberFormatException e) {
            // Only a figure for people: processors that do not tell get a round one.
            return FALLBACK_CLOCK_KHZ;
        }
    }
}
