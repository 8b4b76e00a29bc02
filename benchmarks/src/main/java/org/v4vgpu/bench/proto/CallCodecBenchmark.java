package org.v4vgpu.bench.proto;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CallEncoder;
import org.v4vgpu.proto.CallHeader;
import org.v4vgpu.proto.CtxSynchronizeRequest;
import org.v4vgpu.proto.MemcpyHtoDRequest;
import org.v4vgpu.proto.ProtocolException;

/**
 * The codec's share of a call: a header to bytes, and bytes to a checked header with its message.
 *
 * <pre>
 *   java -jar benchmarks/target/benchmarks.jar CallCodecBenchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class CallCodecBenchmark {
    private static final int FLAGS = CallDescriptor.WAITS | CallDescriptor.LAST;

    private final CallEncoder encoder = new CallEncoder();
    private final MemorySegment encoded = new CallEncoder().request(Call.CTX_SYNCHRONIZE, FLAGS, 7, 0, synchronize());
    private long sequence;

    @Benchmark
    public MemorySegment encodeSynchronize() {
        return encoder.request(Call.CTX_SYNCHRONIZE, FLAGS, ++sequence, 0, synchronize());
    }

    @Benchmark
    public MemorySegment encodeCopy() {
        MemcpyHtoDRequest request = MemcpyHtoDRequest.newBuilder()
                .setContext(3)
                .setDestination(0x7000_0000_0000L + sequence)
                .build();
        return encoder.request(Call.MEMCPY_HTOD, CallDescriptor.LAST, ++sequence, 1 << 20, request);
    }

    @Benchmark
    public CtxSynchronizeRequest decodeSynchronize() throws ProtocolException {
        return CallHeader.decode(encoded).parse(Call.CTX_SYNCHRONIZE.requests());
    }

    private static CtxSynchronizeRequest synchronize() {
        return CtxSynchronizeRequest.newBuilder().setContext(3).build();
    }
}
