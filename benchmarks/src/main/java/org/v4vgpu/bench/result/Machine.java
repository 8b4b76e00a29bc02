package org.v4vgpu.bench.result;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/** What figures were measured on, as far as Linux tells. Safe for any thread. */
public final class Machine {
    private Machine() {}

    /** Names and values in a fixed order; what can't be found out is left out. */
    public static Map<String, Object> describe() {
        Map<String, Object> machine = new LinkedHashMap<>();
        put(machine, "cpu", field("/proc/cpuinfo", "model name"));
        machine.put("cpus", Runtime.getRuntime().availableProcessors());
        put(machine, "hypervisor_guest", field("/proc/cpuinfo", "flags").contains(" hypervisor") ? "yes" : "no");
        put(machine, "memory", field("/proc/meminfo", "MemTotal"));
        put(machine, "last_level_cache", lastLevelCache());
        machine.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        machine.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
        machine.put("load", load());
        machine.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        return machine;
    }

    private static void put(Map<String, Object> machine, String name, String value) {
        if (!value.isEmpty()) {
            machine.put(name, value);
        }
    }

    private static String field(String file, String name) {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(name))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            return "";
        }
    }

    /** The size of the last cache level, as the kernel tells; 0 if it does not. In a virtual machine it may be the host's. */
    public static long lastLevelCacheBytes() {
        String size = lastLevelCache();
        return size.endsWith("K") ? Long.parseLong(size.substring(0, size.length() - 1)) << 10 : 0;
    }

    /** What programs can still have, without swapping. */
    public static long availableMemoryBytes() {
        String available = field("/proc/meminfo", "MemAvailable");
        return available.endsWith(" kB")
                ? Long.parseLong(available.substring(0, available.length() - 3).strip()) << 10
                : Runtime.getRuntime().maxMemory();
    }

    private static String lastLevelCache() {
        String size = "";
        for (int index = 0; index < 8; index++) {
            Path file = Path.of("/sys/devices/system/cpu/cpu0/cache/index" + index + "/size");
            if (Files.isReadable(file)) {
                try {
                    size = Files.readString(file).strip();
                } catch (IOException e) {
                    return size;
                }
            }
        }
        return size;
    }

    /** How busy the machine was before: the mean number of runnable threads over the last minute. */
    private static double load() {
        return java.lang.management.ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }
}
