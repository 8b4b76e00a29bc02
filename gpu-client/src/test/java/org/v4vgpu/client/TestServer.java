package org.v4vgpu.client;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.server.GpuServer;
import org.v4vgpu.server.session.SessionLimits;
import org.v4vgpu.v4v.ChannelAddress;

/** A real server on the software device, in this JVM. */
final class TestServer implements AutoCloseable {
    static final long DEVICE_BYTES = 256L << 20;

    /** The test kernels, which are the server's. */
    static final Path KERNELS = Path.of("..", "gpu-server", "src", "test", "resources", "kernels");

    /** This process, among the domains of the machine's other test runs. */
    private static final int DOMAIN = 10_000 + (int) (ProcessHandle.current().pid() % 10_000);

    private static final AtomicInteger PORTS = new AtomicInteger(4840);

    private final Device device;
    private final GpuServer server;

    TestServer(SessionLimits limits, String... addresses) throws IOException {
        this.device = new SoftwareDevice(SoftwareDeviceOptions.defaults().withTotalBytes(DEVICE_BYTES));
        this.server = GpuServer.start(
                List.of(device),
                List.of(addresses).stream().map(ChannelAddress::parse).toList(),
                limits);
    }

    /** A server on a transport, {@code v4v} or {@code tcp}, or one of these by way of Netty. */
    static TestServer on(String transport) throws IOException {
        return on(transport, SessionLimits.DEFAULT.lanes());
    }

    /** As {@link #on(String)}, with a limit on the lanes of a session. */
    static TestServer on(String transport, int lanes) throws IOException {
        return on(transport, SessionLimits.DEFAULT.withLanes(lanes));
    }

    /** As {@link #on(String)}, with limits. */
    static TestServer on(String transport, SessionLimits limits) throws IOException {
        return new TestServer(
                limits,
                transport.startsWith("v4v")
                        ? transport + "://" + DOMAIN + ":" + PORTS.getAndIncrement()
                        : transport + "://127.0.0.1:0");
    }

    String address() {
        return server.addresses().getFirst().toString();
    }

    RemoteGpu connect() {
        return RemoteGpu.connect(address(), false);
    }

    /** Device memory in use by all sessions. */
    long usedBytes() {
        return device.usedBytes();
    }

    @Override
    public void close() {
        server.close();
        device.close();
    }
}
