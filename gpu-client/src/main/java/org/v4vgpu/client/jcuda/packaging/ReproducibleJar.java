package org.v4vgpu.client.jcuda.packaging;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes jars whose bytes depend on their content alone: entries sorted, all of one time. */
final class ReproducibleJar {
    private final LocalDateTime time;

    ReproducibleJar(Instant time) {
        this.time = LocalDateTime.ofInstant(time, ZoneOffset.UTC);
    }

    /** Writes a jar, which is there whole or not at all. */
    void write(Path file, List<String> manifest, SortedMap<String, byte[]> entries) throws IOException {
        Path whole = file.resolveSibling(file.getFileName() + ".new");
        try {
            try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(whole))) {
                put(zip, "META-INF/MANIFEST.MF", text(manifest));
                for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                    put(zip, entry.getKey(), entry.getValue());
                }
            }
            Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(whole);
        }
    }

    private static byte[] text(List<String> manifest) {
        return ("Manifest-Version: 1.0\r\n" + String.join("\r\n", manifest) + "\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    private void put(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setTimeLocal(time);
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }
}
