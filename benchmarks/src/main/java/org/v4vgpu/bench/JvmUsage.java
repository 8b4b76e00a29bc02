package org.v4vgpu.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * What a JVM has loaded and holds after a collection, as {@code jcmd} tells it. Immutable.
 *
 * @param classes that are loaded
 * @param heapBytes that live
 */
record JvmUsage(long classes, long heapBytes) {
    /** Collects the garbage of another process of this user, and looks. @throws IOException if jcmd does not reach it */
    static JvmUsage of(long pid) throws IOException {
        jcmd(pid, "GC.run"); // finalizes nothing and unloads classes; once more for what the first has let go
        jcmd(pid, "GC.run");
        Map<String, Long> counters = new HashMap<>();
        for (String line : jcmd(pid, "PerfCounter.print").lines().toList()) {
            int equals = line.indexOf('=');
            if (equals > 0 && line.substring(equals + 1).matches("\\d+")) {
                counters.put(line.substring(0, equals), Long.parseLong(line.substring(equals + 1)));
            }
        }
        if (!counters.containsKey("java.cls.loadedClasses")) {
            throw new IOException("jcmd " + pid + " PerfCounter.print tells no classes");
        }
        long classes = counters.getOrDefault("java.cls.loadedClasses", 0L)
                + counters.getOrDefault("java.cls.sharedLoadedClasses", 0L)
                - counters.getOrDefault("java.cls.unloadedClasses", 0L)
                - counters.getOrDefault("java.cls.sharedUnloadedClasses", 0L);
        long heap = counters.entrySet().stream()
                .filter(entry -> entry.getKey().matches("sun\\.gc\\.generation\\.\\d+\\.space\\.\\d+\\.used"))
                .mapToLong(Map.Entry::getValue)
                .sum();
        return new JvmUsage(classes, heap);
    }

    private static String jcmd(long pid, String command) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(pid), command)
                .redirectErrorStream(true)
                .start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException("jcmd " + pid + " " + command + ": " + text.strip());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        return text;
    }

    @Override
    public String toString() {
        return classes + " classes, " + heapBytes / 1024 + " KiB of heap";
    }
}
