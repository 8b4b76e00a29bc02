package org.v4vgpu.v4v;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Files that stand for the memory that machines share. */
public final class Regions {
    /** Sparse, and space for a server with eighty rings of the usual length. */
    private static final long BYTES = 160L << 20;

    private Regions() {}

    /** A region of zeros, if it does not exist. */
    public static Path at(Path file) throws IOException {
        if (!Files.exists(file)) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.allocate(1), BYTES - 1);
            }
        }
        return file;
    }
}
