package org.v4vgpu.v4v.socket;

import java.io.IOException;
import java.nio.file.Path;
import javax.net.ServerSocketFactory;
import javax.net.SocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** The contract over V4V between two domains of a fabric. */
class V4vSocketTest extends SocketContract {
    private V4vHypervisor serving;
    private V4vHypervisor connecting;

    @TempDir
    Path directory;

    @BeforeEach
    @Override
    void open() throws Exception {
        serving = openDomain(1);
        connecting = openDomain(2);
        super.open();
    }

    /** A domain of the place where the sockets meet; opened anew for each test. */
    protected V4vHypervisor openDomain(int domain) throws IOException {
        return SharedMemoryHypervisor.open(Fabric.of(directory), domain);
    }

    @Override
    protected ServerSocketFactory openServerFactory() {
        return new V4vServerSocketFactory(serving);
    }

    @Override
    protected SocketFactory openClientFactory() {
        return new V4vSocketFactory(connecting);
    }

    @Override
    protected String host() {
        return "1";
    }

    @AfterEach
    @Override
    void close() throws Exception {
        super.close();
        serving.close();
        connecting.close();
    }
}
