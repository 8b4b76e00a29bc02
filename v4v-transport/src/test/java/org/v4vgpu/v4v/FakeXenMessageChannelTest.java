package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.connection.V4vListener;
import org.v4vgpu.v4v.xen.FakeXen;

/** The contract over connections through Argo's hypercalls, with a Xen that is played in this process. */
class FakeXenMessageChannelTest extends MessageChannelContract {
    private final FakeXen xen = new FakeXen();
    private V4vHypervisor serving;
    private V4vHypervisor connecting;

    @TempDir
    Path directory;

    @BeforeEach
    @Override
    void open() throws Exception {
        serving = xen.open(1, directory);
        connecting = xen.open(2, directory);
        super.open();
    }

    @AfterEach
    @Override
    void close() throws Exception {
        super.close();
        serving.close();
        connecting.close();
    }

    @Override
    protected MessageListener listen() throws IOException {
        return V4vListener.open(serving, 4840);
    }

    @Override
    protected MessageChannel connect(ChannelAddress address) throws IOException {
        return V4vConnections.connect(connecting, (V4vAddress) address, 10_000_000_000L);
    }

    @Test
    void failsCleanlyWhenItsDomainLeavesBetweenClaimAndCommit() throws IOException {
        MemorySegment bytes = MemorySegment.ofArray(new byte[100]);
        try (OutgoingMessage message = client.claim(100, 100)) {
            connecting.close();
            message.payload().copyFrom(bytes, 0);
            assertThrows(IOException.class, () -> message.commit(bytes));
        }
        assertFalse(client.isOpen());
    }
}
