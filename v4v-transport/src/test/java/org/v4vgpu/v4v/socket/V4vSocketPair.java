package org.v4vgpu.v4v.socket;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** Two sockets over V4V that are connected, and their listener, in two domains of a fabric. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // an interrupt ends no wait
abstract class V4vSocketPair {
    static final V4vAddress ADDRESS = new V4vAddress(1, 8080);

    final ExecutorService executor = Executors.newCachedThreadPool();
    V4vHypervisor serving;
    V4vHypervisor connecting;
    V4vServerSocket listener;
    V4vSocket client;
    V4vSocket server;

    @TempDir
    Path directory;

    @BeforeEach
    void open() throws Exception {
        serving = SharedMemoryHypervisor.open(Fabric.of(directory), 1);
        connecting = SharedMemoryHypervisor.open(Fabric.of(directory), 5);
        listener = new V4vServerSocket(serving);
        listener.bind(ADDRESS);
        client = new V4vSocket(connecting);
        client.connect(ADDRESS, 10_000);
        server = (V4vSocket) listener.accept();
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        server.close();
        listener.close();
        serving.close();
        connecting.close();
        executor.shutdownNow();
        assertTrue(executor.awaitTermination(10, SECONDS), "a thread still waits on a closed socket");
    }
}
