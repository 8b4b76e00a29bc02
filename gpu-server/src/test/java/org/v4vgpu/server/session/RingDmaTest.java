package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.device.cuda.CudaDevice;
import org.v4vgpu.device.cuda.StandIn;
import org.v4vgpu.server.GpuServer;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.LocalDomains;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/**
 * DMA from and to a lane's rings, in a process on the stand-in driver, whose DMA waits for the test: the next chunk is received, or begun,
 * before it is done, and the ring's space is given back after it.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public final class RingDmaTest {
    private static final int BYTES = 3_000_001;

    @TempDir
    private Path fabric = Path.of("");

    private @Nullable CudaDevice device;
    private @Nullable V4vHypervisor domain;
    private @Nullable GpuServer server;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(StandIn.isDriver(), "runs on the stand-in driver");
        LocalDomains.takeOwnership(SharedMemoryHypervisor.open(Fabric.of(fabric), 1));
        domain = SharedMemoryHypervisor.open(Fabric.of(fabric), V4vAddress.DOMAIN_ANY);
        device = CudaDevice.open(0, _ -> {});
        server = GpuServer.start(List.of(device), List.of(ChannelAddress.parse("v4v://1:4840")), SessionLimits.DEFAULT);
    }

    @AfterEach
    void stop() {
        if (server != null) {
            StandIn.holdDma(false);
            server.close();
            Objects.requireNonNull(device).close();
            Objects.requireNonNull(domain).close();
            LocalDomains.closeAll();
        }
    }

    @Test
    void receivesAndBeginsChunksWhileOthersAreMoved() throws Exception {
        try (TestClient gpu = TestClient.open(V4vConnections.connect(
                Objects.requireNonNull(domain), new V4vAddress(1, 4840), TimeUnit.SECONDS.toNanos(10)))) {
            long context = gpu.createContext();
            long address = gpu.allocate(context, BYTES);
            byte[] bytes = new byte[BYTES];
            new Random(3).nextBytes(bytes);
            withHeldDma(() -> {
                gpu.write(context, 0, address, bytes);
                return bytes;
            });
            assertEquals(0, ServerClients.synchronize(gpu, context)); // or the rest of it would be held as well
            assertArrayEquals(bytes, withHeldDma(() -> gpu.read(context, address, BYTES)));
            assertEquals(2, StandIn.counts().get("registration"), "the rings, and no buffer");
            gpu.goodbye();
        }
    }

    private interface Copy {
        byte[] make() throws IOException;
    }

    /** Makes a copy whose chunks are not done before three of them are on their way. */
    private static byte[] withHeldDma(Copy copy) throws Exception {
        StandIn.holdDma(true);
        FutureTask<byte[]> task = new FutureTask<>(copy::make);
        Thread thread = Thread.ofPlatform().daemon().start(task);
        while (StandIn.waitingDma() < 3) {
            Thread.onSpinWait();
        }
        assertTrue(thread.isAlive(), "the copy is longer than the ring");
        StandIn.holdDma(false);
        return task.get();
    }
}
