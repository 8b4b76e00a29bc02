package org.v4vgpu.device.nvrtc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The files of one run in a sandbox on this machine: the program's, and the empty directory that becomes its root. Private to this
 * user; closing deletes it. For one thread.
 */
final class SandboxDirectory implements AutoCloseable {
    private final Path directory;

    private SandboxDirectory(Path directory) {
        this.directory = directory;
    }

    /** @param files text by name, of which the names have been checked: relative, and without {@code ..} */
    static SandboxDirectory create(Map<String, String> files) throws IOException {
        SandboxDirectory created = new SandboxDirectory(Files.createTempDirectory("v4vgpu-compile"));
        try {
            Files.createDirectory(created.root());
            Files.createDirectory(created.program());
            for (Map.Entry<String, String> file : files.entrySet()) {
                Path path = created.program().resolve(file.getKey()).normalize();
                if (!path.startsWith(created.program())) {
                    throw new IOException("a file outside of its directory: " + file.getKey());
                }
                Files.createDirectories(path.getParent());
                Files.writeString(path, file.getValue());
            }
            return created;
        } catch (IOException | RuntimeException e) {
            created.close();
            throw e;
        }
    }

    Path root() {
        return directory.resolve("root");
    }

    Path program() {
        return directory.resolve("program");
    }

    @Override
    public void close() throws IOException {
        List<Path> all;
        try (Stream<Path> files = Files.walk(directory)) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : all) {
            Files.deleteIfExists(file);
        }
    }
}
