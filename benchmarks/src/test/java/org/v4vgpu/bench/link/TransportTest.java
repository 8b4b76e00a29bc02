package org.v4vgpu.bench.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Every transport carries every byte, there and back, and tells when the other end has gone. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class TransportTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource
    void carriesMessagesOfEverySizeThereAndBack(Transport transport) throws Exception {
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            CompletableFuture<String> address = new CompletableFuture<>();
            Future<?> echo = thread.submit(() -> {
                try (Link link = transport.accept(where(transport), 0, address::complete)) {
                    echo(link);
                } catch (IOException | RuntimeException e) {
                    address.completeExceptionally(e);
                    throw e;
                }
                return null;
            });
            try (Link link = transport.connect(address.get())) {
                for (int bytes : new int[] {1, 64, 65_505, 3_000_001}) {
                    exchange(link, bytes);
                }
                link.command(new Link.Command(Link.Verb.DONE, 0, 0));
            }
            echo.get();
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AERON") // whose driver notices after ten seconds
    void tellsThatTheOtherEndHasGone(Transport transport) throws Exception {
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            CompletableFuture<String> address = new CompletableFuture<>();
            Future<?> accepted = thread.submit(() -> {
                transport.accept(where(transport), 0, address::complete).close();
                return null;
            });
            try (Link link = transport.connect(address.get())) {
                accepted.get();
                assertThrows(EOFException.class, link::command);
            }
        }
    }

    private static void exchange(Link link, int bytes) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment message = arena.allocate(bytes, 64);
            for (int i = 0; i < bytes; i++) {
                message.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 + i / 251));
            }
            MemorySegment back = arena.allocate(bytes, 64);
            link.command(new Link.Command(Link.Verb.ECHO, bytes, 2));
            for (int i = 0; i < 2; i++) {
                back.fill((byte) 0);
                link.send(message);
                link.receive(back);
                assertEquals(-1, message.mismatch(back));
            }
        }
    }

    private static void echo(Link link) throws IOException {
        for (Link.Command next = link.command(); next.verb() == Link.Verb.ECHO; next = link.command()) {
            MemorySegment message = Arena.ofAuto().allocate(next.bytes(), 64);
            for (int i = 0; i < next.messages(); i++) {
                link.receive(message);
                link.send(message);
            }
        }
    }

    private String where(Transport transport) {
        return switch (transport) {
            case V4V, V4V_NETTY -> "1931";
            case TCP, TCP_CHANNEL, TCP_NETTY, TCP_BRIDGE -> "127.0.0.1";
            case UDS, AERON -> directory.toString();
        };
    }
}
