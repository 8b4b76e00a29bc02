package org.v4vgpu.bench.v4v;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.ring.RingDescriptor;
import org.v4vgpu.v4v.ring.RingMemory;
import org.v4vgpu.v4v.ring.SharedReceiveRing;
import org.v4vgpu.v4v.ring.SharedSendRing;

/**
 * One record into a ring and out of it by the same thread: what a message costs beside the way of its cache lines to another processor.
 *
 * <pre>
 *   java -jar benchmarks/target/benchmarks.jar RingBenchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH calls open() before anything else
public class RingBenchmark {
    private static final int LENGTH = 1 << 20;
    private static final int MESSAGE_TYPE = 1;

    @Param({"64", "4096", "65536"})
    private int bytes;

    private SharedSendRing out;
    private SharedReceiveRing in;
    private MemorySegment source;
    private MemorySegment destination;

    @Setup
    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
    public void open() throws IOException {
        Arena arena = Arena.ofShared();
        MemorySegment memory = arena.allocate(RingDescriptor.mappedBytes(LENGTH), 4096);
        RingDescriptor.initialize(memory, LENGTH, 7, 1);
        RingMemory shared = new RingMemory(arena, memory);
        if (!shared.hold()) {
            throw new IllegalStateException("new memory is gone");
        }
        V4vAddress address = new V4vAddress(2, 7);
        in = new SharedReceiveRing(shared, address, 1, LENGTH, _ -> {});
        out = new SharedSendRing(shared, address, new V4vAddress(1, 8), LENGTH, _ -> {});
        source = Arena.ofAuto().allocate(bytes, 64);
        destination = Arena.ofAuto().allocate(bytes, 64);
    }

    @Benchmark
    public long record() throws IOException {
        if (!out.claim(bytes)) {
            throw new IllegalStateException("an empty ring is full");
        }
        out.put(0, source, 0, bytes);
        out.commit(MESSAGE_TYPE);
        if (!in.next()) {
            throw new IllegalStateException("a record is missing");
        }
        in.copy(0, destination, 0, bytes);
        long position = in.position();
        in.release(position);
        return position;
    }

    @TearDown
    public void close() {
        out.close();
        in.close();
    }
}
