package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.server.GpuServer;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.LocalDomains;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.MessageChannels;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** The contract over a real server, and the deaths of real client processes. */
abstract class NetworkServerContract extends ServerContract {
    private static final long DEAD_MILLIS = 1000;

    @TempDir
    Path fabric;

    private final Device device =
            new SoftwareDevice(SoftwareDeviceOptions.defaults().withTotalBytes(TestHost.DEVICE_BYTES));

    /** Another domain than the server's, as a client is. Set before each test, as is the server. */
    private @Nullable V4vHypervisor connecting;

    private @Nullable GpuServer server;

    /** Where to listen. */
    abstract ChannelAddress address();

    @BeforeEach
    void start() throws IOException {
        LocalDomains.takeOwnership(SharedMemoryHypervisor.open(Fabric.of(fabric), 1));
        connecting = SharedMemoryHypervisor.open(Fabric.of(fabric), V4vAddress.DOMAIN_ANY);
        server = GpuServer.start(List.of(device), List.of(address()), SessionLimits.DEFAULT);
    }

    @AfterEach
    void stop() {
        server().close();
        device.close();
        connecting().close();
        LocalDomains.closeAll();
    }

    @Override
    MessageChannel connect() throws IOException {
        ChannelAddress address = server().addresses().getFirst();
        return address instanceof V4vAddress v4v
                ? V4vConnections.connect(connecting(), v4v, 10_000_000_000L)
                : MessageChannels.connect(address);
    }

    @Override
    long usedBytes() {
        return device.usedBytes();
    }

    @Test
    void nothingIsLeftOfProcessKilledWithinCopies() throws Exception {
        expectNothingLeftOf("copies");
    }

    @Test
    void nothingIsLeftOfProcessKilledWhileIdle() throws Exception {
        expectNothingLeftOf("idle");
    }

    @Test
    void nothingIsLeftOfProcessKilledWhileItsLanesWait() throws Exception {
        expectNothingLeftOf("waits");
    }

    @Test
    void nothingIsLeftOfProcessKilledWhileItWaitsForEndlessKernel() throws Exception {
        expectNothingLeftOf("kernel");
    }

    @Test
    void nothingIsLeftOfProcessKilledWhileItsStreamIsFull() throws Exception {
        expectNothingLeftOf("full");
    }

    @Test
    void nothingIsLeftOfProcessKilledWhileItSendsLongCopyBehindEndlessKernel() throws Exception {
        expectNothingLeftOf("sends");
    }

    private GpuServer server() {
        return Objects.requireNonNull(server);
    }

    private V4vHypervisor connecting() {
        return Objects.requireNonNull(connecting);
    }

    /** Kills a client process with SIGKILL, waits for its session's end, and works on with the next client. */
    void expectNothingLeftOf(String role) throws Exception {
        try (ClientProcess victim =
                ClientProcess.start(role, server().addresses().getFirst().toString(), fabric)) {
            assertEquals("ready", victim.readLine());
            assertTrue(usedBytes() >= ClientProcess.BYTES);
            long start = System.nanoTime();
            victim.kill();
            while (usedBytes() > 0) {
                long millis = (System.nanoTime() - start) / 1_000_000;
                assertTrue(millis < DEAD_MILLIS, () -> usedBytes() + " bytes left after " + millis + " ms");
                Thread.onSpinWait();
            }
        }
        try (TestClient next = TestClient.open(connect())) {
            assertEquals(0, next.serverStatus().getSessionsCount());
            long context = next.createContext();
            assertEquals(0, synchronize(next, context));
            next.goodbye();
        }
    }
}
