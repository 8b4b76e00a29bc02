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
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** The contract over V4V between two domains of a fabric, both in this process. */
class SharedMemoryMessageChannelTest extends MessageChannelContract {
    private V4vHypervisor serving;
    private V4vHypervisor connecting;

    protected int ringBytes() {
        return 1 << 20;
    }

    @TempDir
    Path directory;

    @BeforeEach
    @Override
    void open() throws Exception {
        serving = SharedMemoryHypervisor.open(Fabric.of(directory), 1);
        connecting = SharedMemoryHypervisor.open(Fabric.of(directory), V4vAddress.DOMAIN_ANY);
        super.open();
    }

    @AfterEach
    @Override
    void close() throws Exception {
        super.close();
        serving.close();
        connecting.close();
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

    @Override
    protected MessageListener listen() throws IOException {
        return V4vListener.open(serving, 4840, ringBytes());
    }

    @Override
    protected MessageChannel connect(ChannelAddress address) throws IOException {
        return V4vConnections.connect(connecting, (V4vAddress) address, 10_000_000_000L, ringBytes());
    }
}
