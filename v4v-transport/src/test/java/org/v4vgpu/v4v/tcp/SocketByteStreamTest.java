package org.v4vgpu.v4v.tcp;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What is left of a stream over a socket that can't be waited for. */
@Isolated("counts what the process has open")
class SocketByteStreamTest {
    private static final int TIMES = 100;

    @Test
    void leavesNoDescriptorOfASocketThatHasClosed() throws IOException {
        SocketChannel socket = SocketChannel.open();
        socket.configureBlocking(false);
        socket.close();
        long before = descriptors();
        for (int i = 0; i < TIMES; i++) {
            assertThrows(ClosedChannelException.class, () -> new SocketByteStream(socket));
        }
        assertFew(before);
    }

    @Test
    void leavesNoDescriptorBesideASocketThatBlocks() throws IOException {
        try (SocketChannel socket = SocketChannel.open()) {
            long before = descriptors();
            for (int i = 0; i < TIMES; i++) {
                assertThrows(IllegalBlockingModeException.class, () -> new SocketByteStream(socket));
            }
            assertFew(before);
        }
    }

    private static void assertFew(long before) throws IOException {
        long now = descriptors();
        assertTrue(now < before + TIMES / 2, "from " + before + " to " + now + " descriptors");
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
