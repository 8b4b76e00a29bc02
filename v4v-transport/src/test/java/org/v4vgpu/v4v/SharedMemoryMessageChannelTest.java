package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** The contract over V4V between two domains of a fabric, both in this process. */
class SharedMemoryMessageChannelTest extends V4vMessageChannelContract {
    @TempDir
    Path directory;

    @Override
    protected V4vHypervisor open(int domain) throws IOException {
        return SharedMemoryHypervisor.open(Fabric.of(directory), domain);
    }

    @Test
    void endsWithAnIOExceptionWhenItsOwnDomainLeaves() {
        connecting.close();
        assertThrows(IOException.class, () -> client.receive());
        assertThrows(IOException.class, () -> client.send(MemorySegment.ofArray(new byte[8])));
        assertThrows(IOException.class, () -> client.receive(1_000_000));
        assertFalse(client.isPeerAlive());
        assertThrows(IOException.class, () -> server.receive());
    }

    @Test
    void allocatesNothingPerMessage() throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        MemorySegment header = MemorySegment.ofArray(new byte[24]);
        MemorySegment payload = MemorySegment.ofArray(new byte[64]);
        exchange(header, payload, 50_000);
        long before = threads.getCurrentThreadAllocatedBytes();
        exchange(header, payload, 100_000);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < 100_000, allocated + " bytes for 200000 messages");
    }

    /** Each round two messages, one sent and one claimed; the first is held while the second is received. */
    private void exchange(MemorySegment header, MemorySegment payload, int rounds) throws IOException {
        for (int i = 0; i < rounds; i++) {
            payload.set(ValueLayout.JAVA_INT_UNALIGNED, 0, i);
            client.send(header, payload);
            try (OutgoingMessage claimed = client.claim(24, 64)) {
                payload.set(ValueLayout.JAVA_INT_UNALIGNED, 0, ~i);
                claimed.payload().copyFrom(payload, 0);
                claimed.commit(header);
            }
            try (IncomingMessage first = server.receive();
                    IncomingMessage second = server.receive()) {
                assertEquals(24, first.header().byteSize());
                first.payload().copyTo(payload, 0);
                assertEquals(i, payload.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
                second.payload().copyTo(payload, 0);
                assertEquals(~i, payload.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
            }
        }
    }

    @Test
    void forgivesALateCloseOfAClaimAndShowsNothingOfAReleasedMessage() throws Exception {
        OutgoingMessage earlier = client.claim(0, 16);
        earlier.commit(MemorySegment.NULL);
        try (OutgoingMessage later = client.claim(0, 32)) {
            earlier.close();
            assertThrows(IllegalStateException.class, () -> earlier.commit(MemorySegment.NULL));
            assertEquals(32, later.payload().byteSize());
            later.commit(MemorySegment.NULL);
        }
        IncomingMessage first = server.receive();
        Payload payload = first.payload();
        assertEquals(16, payload.first().byteSize() + payload.second().byteSize());
        first.close();
        assertEquals(0, payload.byteSize());
        try (IncomingMessage second = server.receive()) {
            assertEquals(32, second.payload().byteSize());
            assertEquals(0, payload.first().byteSize());
        }
    }
}
