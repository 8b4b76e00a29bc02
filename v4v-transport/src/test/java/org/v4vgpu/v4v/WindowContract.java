package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.connection.V4vListener;

/** What two domains that share memory may rely on. The server is domain 1, the client domain 2. */
@Timeout(60)
abstract class WindowContract {
    private static final long BYTES = 300_000;

    @TempDir
    Path directory;

    protected V4vHypervisor server;
    protected V4vHypervisor client;

    protected abstract V4vHypervisor open(int domain) throws IOException;

    @BeforeEach
    void open() throws IOException {
        server = open(1);
        client = open(2);
    }

    @AfterEach
    void close() {
        server.close();
        client.close();
    }

    @Test
    void bothSidesSeeTheSameBytes() throws IOException {
        try (Window mine = client.share(1, BYTES);
                Window theirs = server.open(2, mine.name(), BYTES)) {
            assertTrue(mine.memory().byteSize() >= BYTES);
            assertTrue(theirs.memory().byteSize() >= BYTES);
            assertEquals(0, mine.memory().address() % 4096);
            for (long at = 0; at + 4 < BYTES; at += 4099) {
                assertEquals(0, theirs.memory().get(ValueLayout.JAVA_INT_UNALIGNED, at));
                mine.memory().set(ValueLayout.JAVA_INT_UNALIGNED, at, (int) at);
                assertEquals((int) at, theirs.memory().get(ValueLayout.JAVA_INT_UNALIGNED, at));
                theirs.memory().set(ValueLayout.JAVA_INT_UNALIGNED, at, ~(int) at);
                assertEquals(~(int) at, mine.memory().get(ValueLayout.JAVA_INT_UNALIGNED, at));
            }
        }
    }

    @Test
    void aChannelKnowsWhomToShareWithAndItsWindowsOutliveIt() throws IOException {
        try (MessageListener listener = V4vListener.open(server, 4840)) {
            Window theirs;
            Window mine;
            try (MessageChannel ours = V4vConnections.connect(client, new V4vAddress(1, 4840), 10_000_000_000L);
                    MessageChannel accepted = listener.accept()) {
                mine = ours.windowPartner().orElseThrow().share(BYTES);
                theirs = accepted.windowPartner().orElseThrow().open(mine.name(), BYTES);
            }
            mine.memory().set(ValueLayout.JAVA_BYTE, 7, (byte) 77);
            assertEquals(77, theirs.memory().get(ValueLayout.JAVA_BYTE, 7));
            mine.close();
            theirs.close();
        }
    }

    @Test
    void aMappingStaysWhenTheOtherSideLeaves() throws IOException {
        Window mine = client.share(1, BYTES);
        Window theirs = server.open(2, mine.name(), BYTES);
        mine.memory().fill((byte) 3);
        mine.close();
        client.close();
        assertEquals(3, theirs.memory().get(ValueLayout.JAVA_BYTE, BYTES - 1));
        theirs.memory().fill((byte) 4);
        assertEquals(4, theirs.memory().get(ValueLayout.JAVA_BYTE, BYTES - 1));
        theirs.close();
    }

    @Test
    void anAccessAfterTheCloseIsRefused() throws IOException {
        Window mine = client.share(1, BYTES);
        MemorySegment memory = mine.memory();
        mine.close();
        mine.close();
        assertThrows(IllegalStateException.class, () -> memory.get(ValueLayout.JAVA_BYTE, 0));
    }

    @Test
    void refusesWhatWasNotShared() throws IOException {
        assertEquals(ArgoError.ECONNREFUSED, refusal(() -> server.open(2, 1234, BYTES)));
        assertEquals(ArgoError.ECONNREFUSED, refusal(() -> server.open(2, -1, BYTES)));
        assertEquals(ArgoError.ESRCH, refusal(() -> server.open(9, 1, BYTES)));
        assertEquals(ArgoError.ESRCH, refusal(() -> client.share(9, BYTES)));
        assertEquals(ArgoError.EINVAL, refusal(() -> client.share(1, 0)));
        assertEquals(ArgoError.EINVAL, refusal(() -> client.share(1, -5)));
        try (Window mine = client.share(1, BYTES)) {
            assertThrows(ArgoException.class, () -> server.open(2, mine.name(), 10 * BYTES));
            assertThrows(ArgoException.class, () -> server.open(2, mine.name(), Long.MAX_VALUE));
            assertThrows(ArgoException.class, () -> server.open(2, mine.name(), 0));
        }
    }

    @Test
    void sharesAgainAndAgain() throws IOException {
        for (int i = 0; i < 20; i++) {
            try (Window mine = client.share(1, 1);
                    Window theirs = server.open(2, mine.name(), 1)) {
                mine.memory().set(ValueLayout.JAVA_BYTE, 0, (byte) i);
                assertEquals(i, theirs.memory().get(ValueLayout.JAVA_BYTE, 0));
            }
        }
    }

    /** Something that opens a window. */
    protected interface Opening {
        Window open() throws IOException;
    }

    protected static ArgoError refusal(Opening opening) {
        return assertThrows(ArgoException.class, opening::open).error();
    }
}
