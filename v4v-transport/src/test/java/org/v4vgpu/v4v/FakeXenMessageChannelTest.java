package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.xen.FakeXen;

/** The contract over connections through Argo's hypercalls, with a Xen that is played in this process. */
class FakeXenMessageChannelTest extends V4vMessageChannelContract {
    private final FakeXen xen = new FakeXen();

    @TempDir
    Path directory;

    @Override
    protected V4vHypervisor open(int domain) throws IOException {
        return xen.open(domain, directory);
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
