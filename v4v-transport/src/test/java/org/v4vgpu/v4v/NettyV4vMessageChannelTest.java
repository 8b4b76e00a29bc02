package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** The contract over Netty's channels over V4V, in one domain. */
class NettyV4vMessageChannelTest extends MessageChannelContract {
    private static final ChannelAddress ADDRESS = ChannelAddress.parse("v4v+netty://1:4841");

    @TempDir
    Path directory;

    @BeforeEach
    @Override
    void open() throws Exception {
        LocalDomains.closeAll();
        LocalDomains.takeOwnership(SharedMemoryHypervisor.open(Fabric.of(directory), 1));
        super.open();
    }

    @AfterEach
    @Override
    void close() throws Exception {
        super.close();
        LocalDomains.closeAll();
    }

    @Test
    void endsWithAnIOExceptionWhenItsOwnDomainLeaves() {
        LocalDomains.closeAll();
        assertThrows(IOException.class, () -> client.receive());
        assertThrows(IOException.class, () -> client.send(header("x")));
        assertTrue(!client.isPeerAlive());
    }

    @Test
    void saysAtWhichAddressNobodyListens() {
        ChannelAddress nobody = ChannelAddress.parse("v4v+netty://1:99");
        assertEquals("v4v+netty://1:99", nobody.toString());
        IOException e = assertThrows(IOException.class, () -> connect(nobody));
        assertTrue(String.valueOf(e.getMessage()).contains("1:99"), String.valueOf(e.getMessage()));
    }

    @Override
    protected MessageListener listen() throws IOException {
        return MessageChannels.listen(ADDRESS);
    }

    @Override
    protected MessageChannel connect(ChannelAddress address) throws IOException {
        return MessageChannels.connect(address);
    }
}
