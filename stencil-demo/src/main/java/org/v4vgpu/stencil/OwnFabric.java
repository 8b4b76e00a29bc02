package org.v4vgpu.stencil;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * A fabric's directory of this demo alone, so that demos beside each other don't meet. It is held by a file lock, which the
 * kernel takes back from a killed process: the next demo removes what that has left. One thread uses it.
 */
final class OwnFabric implements AutoCloseable {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final String PREFIX = "v4vgpu-demo-";
    private static final String LOCK = "demo.lock";

    private final Path directory;
    private final FileChannel lock;

    private OwnFabric(Path directory, FileChannel lock) {
        this.directory = directory;
        this.lock = lock;
    }

    /** Makes one, and removes those whose demos were killed. */
    static OwnFabric create() throws IOException {
        Path parent = Files.isDirectory(SHARED_MEMORY)
                ? SHARED_MEMORY
                : Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
        removeLeftovers(parent);
        Path directory = Files.createTempDirectory(parent, PREFIX);
        FileChannel lock =
                FileChannel.open(directory.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        lock.lock();
        return new OwnFabric(directory, lock);
    }

    @Override
    public String toString() {
        return directory.toString();
    }

    @Override
    public void close() {
        remove(directory);
        try {
            lock.close();
        } catch (IOException e) {
            // The kernel takes it back at the end.
        }
    }

    /** One that has no lock file yet is just being made. */
    private static void removeLeftovers(Path parent) throws IOException {
        try (DirectoryStream<Path> fabrics = Files.newDirectoryStream(parent, PREFIX + "*")) {
            for (Path fabric : fabrics) {
                removeIfLeft(fabric);
            }
        }
    }

    private static void removeIfLeft(Path fabric) {
        try (FileChannel channel = FileChannel.open(fabric.resolve(LOCK), StandardOpenOption.WRITE);
                FileLock held = channel.tryLock()) {
            if (held != null) {
                remove(fabric);
            }
        } catch (IOException e) {
            // Somebody else's, or gone already.
        }
    }

    private static void remove(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            // It is gone already, or somebody else's files are in it: nothing that a user could act on.
        }
    }
}
