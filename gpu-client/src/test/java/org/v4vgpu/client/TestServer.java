package org.v4vgpu.client;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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

    private final Device device;
    private final GpuServer server;

    TestServer(SessionLimits limits, String... addresses) throws IOException {
        this.device = new SoftwareDevice(SoftwareDeviceOptions.defaults().withTotalBytes(DEVICE_BYTES));
        this.server = GpuServer.start(
                List.of(device),
                List.of(addresses).stream().map(ChannelAddress::parse).toList(),
                limits);
    }

    static TestServer tcp() throws IOException {
        return new TestServer(SessionLimits.DEFAULT, "tcp://127.0.0.1:0");
    }

    static TestServer tcp(int lanes) throws IOException {
        SessionLimits usual = SessionLimits.DEFAULT;
        return new TestServer(
                new SessionLimits(usual.memoryBytes(), lanes, usual.handles(), usual.sessions()), "tcp://127.0.0.1:0");
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
