package org.v4vgpu.client;

import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.Device;
import org.v4vgpu.proto.DeviceListReply;
import org.v4vgpu.proto.DeviceListRequest;
import org.v4vgpu.v4v.ChannelAddress;

/**
 * The GPUs of one server, or of several: the Java API. Safe for any thread; each thread that makes calls gets a lane of its own.
 *
 * <p>Everything made from it (contexts, and from those memory, modules, streams and events) belongs to whoever made it and ends
 * with it at the latest. Calls that CUDA lets be asynchronous (host-to-device copies, launches, memsets, event records) return
 * once they are sent; what goes wrong with them later is thrown once, by the thread's next call that waits. With {@code
 * CUDA_LAUNCH_BLOCKING=1} in the environment every call waits.
 *
 * <p>What kernels print is written to System.out, or where {@link RemoteGpuOptions} say, by the next call that waits for them.
 *
 * {@snippet :
 *   try (RemoteGpu gpu = RemoteGpu.connect("v4v://1:4840");
 *           RemoteContext context = gpu.device(0).createContext();
 *           RemoteModule module = context.loadModule(Path.of("vecadd.ptx"));
 *           DeviceMemory x = context.allocate(4L * n);
 *           DeviceMemory y = context.allocate(4L * n);
 *           DeviceMemory sum = context.allocate(4L * n)) {
 *       x.copyFrom(xs);
 *       y.copyFrom(ys);
 *       module.function("vecadd").launch(Dim3.of((n + 255) / 256), Dim3.of(256), x, y, sum, n);
 *       sum.copyTo(sums);
 *   }
 * }
 */
public final class RemoteGpu implements AutoCloseable {
    private final List<GpuSession> sessions;
    private final List<RemoteDevice> devices = new ArrayList<>();
    private final int driverVersion;

    private RemoteGpu(List<GpuSession> sessions) {
        this.sessions = sessions;
        int version = Integer.MAX_VALUE;
        for (GpuSession session : sessions) {
            DeviceListReply list = session.lane().call(Call.DEVICE_LIST, DeviceListRequest.getDefaultInstance());
            version = Math.min(version, list.getDriverVersion());
            int ordinal = 0;
            for (Device device : list.getDevicesList()) {
                devices.add(new RemoteDevice(session, devices.size(), ordinal++, device));
            }
        }
        this.driverVersion = version;
    }

    /**
     * Connects to what the system property {@code v4vgpu.server} names, or else the environment variable {@code
     * V4VGPU_SERVER}, or else to {@code v4v://1:4840}.
     *
     * @throws CudaException DEVICE_UNAVAILABLE if a server can't be reached
     * @throws IllegalArgumentException if an address is none
     */
    public static RemoteGpu open() {
        return connect(ServerAddresses.configured());
    }

    /**
     * Connects to a server, or to several whose addresses are separated by commas and whose devices are numbered one after the
     * other.
     *
     * @throws CudaException DEVICE_UNAVAILABLE if a server can't be reached
     * @throws IllegalArgumentException if an address is none
     */
    public static RemoteGpu connect(String addresses) {
        return connect(addresses, RemoteGpuOptions.defaults());
    }

    /** As {@link #connect(String)}, and says whether every call waits, whatever the environment says. */
    public static RemoteGpu connect(String addresses, boolean blocking) {
        return connect(addresses, RemoteGpuOptions.defaults().withBlocking(blocking));
    }

    /** As {@link #connect(String)}, with options. */
    public static RemoteGpu connect(String addresses, RemoteGpuOptions options) {
        KernelOutput output = new KernelOutput(options.output());
        List<GpuSession> sessions = new ArrayList<>();
        try {
            for (ChannelAddress address : ServerAddresses.parse(addresses)) {
                sessions.add(GpuSession.open(address, options.blocking(), output));
            }
            return new RemoteGpu(List.copyOf(sessions));
        } catch (RuntimeException e) {
            sessions.forEach(GpuSession::close);
            throw e;
        }
    }

    /** All devices, in the order of their ordinals. */
    public List<RemoteDevice> devices() {
        return List.copyOf(devices);
    }

    /**
     * A device by its ordinal.
     *
     * @throws CudaException INVALID_DEVICE if there is no such device
     */
    public RemoteDevice device(int ordinal) {
        if (ordinal < 0 || ordinal >= devices.size()) {
            throw new CudaException(
                    CudaStatus.INVALID_DEVICE, "device " + ordinal + " of " + devices.size() + " devices");
        }
        return devices.get(ordinal);
    }

    /** As cuDriverGetVersion: 1000 * major + 10 * minor; of several servers the lowest. */
    public int driverVersion() {
        return driverVersion;
    }

    /** Whether all servers are still there. */
    public boolean isOpen() {
        return sessions.stream().allMatch(GpuSession::isOpen);
    }

    /** Leaves the servers, which free everything that was made here. Idempotent. */
    @Override
    public void close() {
        sessions.forEach(GpuSession::close);
    }
}
