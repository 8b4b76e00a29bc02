package org.v4vgpu.bench.client;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.v4vgpu.client.DeviceMemory;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteGpu;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.server.GpuServer;
import org.v4vgpu.server.session.SessionLimits;
import org.v4vgpu.v4v.ChannelAddress;

/**
 * Whole calls to a server in this JVM, over real rings or a real socket. Between processes: {@code benchmarks/run rpc memcpy}.
 *
 * <pre>
 *   java -jar benchmarks/target/benchmarks.jar CallBenchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH calls open() before anything else
public class CallBenchmark {
    private static final int BYTES = 64 << 10;

    @Param({"v4v://78:4840", "tcp://127.0.0.1:0"})
    private String address;

    private Device device;
    private GpuServer server;
    private RemoteGpu gpu;
    private RemoteContext context;
    private DeviceMemory memory;
    private MemorySegment host;

    @Setup
    public void open() throws IOException {
        device = new SoftwareDevice(SoftwareDeviceOptions.defaults());
        server = GpuServer.start(List.of(device), List.of(ChannelAddress.parse(address)), SessionLimits.DEFAULT);
        gpu = RemoteGpu.connect(server.addresses().getFirst().toString());
        context = gpu.device(0).createContext();
        memory = context.allocate(BYTES);
        host = Arena.ofAuto().allocate(BYTES, 64);
    }

    /** A call that waits and carries nothing. */
    @Benchmark
    public void synchronize() {
        context.synchronize();
    }

    /** A one-way call with a payload, and the wait for it. */
    @Benchmark
    public void copyIn() {
        memory.copyFrom(host);
        context.synchronize();
    }

    /** A call whose reply carries a payload. */
    @Benchmark
    public MemorySegment copyOut() {
        memory.copyTo(host);
        return host;
    }

    @TearDown
    public void close() {
        gpu.close();
        server.close();
        device.close();
    }
}
