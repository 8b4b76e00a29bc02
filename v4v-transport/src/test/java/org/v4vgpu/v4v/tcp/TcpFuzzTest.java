package org.v4vgpu.v4v.tcp;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;

/**
 * Any bytes, in any pieces, where a preamble or frames should be. The sockets are Unix ones, which leave no port waiting behind every
 * connection; the code under test does not know.
 */
class TcpFuzzTest {
    private static final ServerSocketChannel LISTENING = listen();

    private static ServerSocketChannel listen() {
        try {
            Path path = Files.createTempDirectory("v4vgpu-fuzz-").resolve("socket");
            path.getParent().toFile().deleteOnExit(); // the last one first
            path.toFile().deleteOnExit();
            return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @FuzzTest(maxDuration = "10s")
    void survives(FuzzedDataProvider data) throws IOException {
        try (SocketChannel peer = SocketChannel.open(LISTENING.getLocalAddress());
                SocketChannel socket = LISTENING.accept()) {
            socket.configureBlocking(false);
            boolean isPreamble = data.consumeBoolean();
            try {
                if (isPreamble) {
                    preamble(peer, socket, data);
                } else {
                    try (SocketByteStream stream = new SocketByteStream(socket)) {
                        frames(peer, stream, data);
                    }
                }
            } catch (IOException e) {
                String message = String.valueOf(e.getMessage());
                assertTrue(message.indexOf('\n') < 0 && !message.contains("Broken pipe"), message);
            }
        }
    }

    private static void preamble(SocketChannel peer, SocketChannel socket, FuzzedDataProvider data) throws IOException {
        TcpPreamble preamble = new TcpPreamble(socket);
        boolean whole = false;
        while (!whole && data.remainingBytes() > 0) {
            peer.write(ByteBuffer.wrap(data.consumeBytes(data.consumeInt(1, 9))));
            whole = preamble.advance();
        }
        if (whole) {
            String foreignness = preamble.foreignness();
            assertTrue(foreignness.chars().noneMatch(Character::isISOControl), foreignness);
        } else {
            peer.shutdownOutput();
            boolean _ = preamble.advance();
        }
    }

    private static void frames(SocketChannel peer, ByteStream stream, FuzzedDataProvider data) throws IOException {
        TcpReceiver receiver = new TcpReceiver(stream, "peer");
        ArrayDeque<TcpIncomingMessage> held = new ArrayDeque<>();
        boolean ended = false;
        while (!ended) {
            if (data.remainingBytes() > 0) {
                peer.write(ByteBuffer.wrap(data.consumeBytes(data.consumeInt(1, 64))));
            } else {
                peer.shutdownOutput();
                ended = true;
            }
            if (data.consumeBoolean()) {
                boolean _ = receiver.isPeerAlive();
            }
            int read;
            do {
                for (TcpIncomingMessage message = receiver.next(); message != null; message = receiver.next()) {
                    byte[] payload = new byte[(int) message.payload().byteSize()];
                    message.payload().copyTo(MemorySegment.ofArray(payload), 0);
                    held.add(message);
                    if (held.size() > 2 || data.consumeBoolean()) {
                        held.remove().close();
                    }
                }
                read = receiver.saidGoodbye() ? 0 : receiver.read();
            } while (read > 0);
        }
        assertTrue(!receiver.isPeerAlive(), "the peer has closed, and all it sent was read");
        held.forEach(TcpIncomingMessage::close);
    }
}
