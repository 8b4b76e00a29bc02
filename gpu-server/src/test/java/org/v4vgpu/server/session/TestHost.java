package org.v4vgpu.server.session;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.nvrtc.CompilerChoice;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.proto.ServerStatusReply;

/** Sessions on a software device, reached by channels within the JVM. */
final class TestHost implements AutoCloseable {
    static final long DEVICE_BYTES = 64L << 20;

    final Device device = new SoftwareDevice(SoftwareDeviceOptions.defaults().withTotalBytes(DEVICE_BYTES));
    final Sessions sessions;
    private final List<Thread> lanes = new ArrayList<>();

    TestHost(SessionLimits limits) {
        this(limits, CompilerChoice.NONE);
    }

    TestHost(SessionLimits limits, CompilerChoice compiler) {
        sessions = new Sessions(
                List.of(device),
                limits,
                compiler,
                () -> ServerStatusReply.newBuilder().setServer("test"));
    }

    /** A channel to a new lane. */
    InJvmChannel connect() {
        InJvmChannel[] ends = InJvmChannel.pair();
        lanes.add(Thread.ofPlatform().daemon().name("lane").start(() -> sessions.serve(ends[1])));
        return ends[0];
    }

    TestClient open() throws IOException {
        return TestClient.open(connect());
    }

    /** Waits until no session is left and returns how long that took, in milliseconds. */
    long awaitNoSession() {
        long start = System.nanoTime();
        while (!sessions.all().isEmpty() || device.usedBytes() > 0) {
            if (System.nanoTime() - start > 20_000_000_000L) {
                throw new AssertionError(
                        "still there: " + sessions.all().size() + " sessions, " + device.usedBytes() + " bytes");
            }
            Thread.onSpinWait();
        }
        return (System.nanoTime() - start) / 1_000_000;
    }

    /** Ends everything and checks that every lane's thread has ended. */
    @Override
    public void close() {
        sessions.close();
        for (Thread lane : lanes) {
            try {
                if (!lane.join(Duration.ofSeconds(10))) {
                    throw new AssertionError(lane + " still runs");
                }
            } catch (InterruptedException e) {
                throw new AssertionError("interrupted", e);
            }
        }
        device.close();
    }
}
