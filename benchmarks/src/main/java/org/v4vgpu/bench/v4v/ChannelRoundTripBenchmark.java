package org.v4vgpu.bench.v4v;

import java.io.EOFException;
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
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.MessageChannels;
import org.v4vgpu.v4v.MessageListener;

/**
 * A message to another thread of this JVM and back, over real rings or a real socket. Between processes: {@code benchmarks/run
 * pingpong}.
 *
 * <pre>
 *   java -jar benchmarks/target/benchmarks.jar ChannelRoundTripBenchmark
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH calls connect() before anything else
public class ChannelRoundTripBenchmark {
    @Param({"v4v://77:1", "tcp://127.0.0.1:0"})
    private String address;

    @Param({"64", "4096", "65536"})
    private int bytes;

    private MessageListener listener;
    private MessageChannel channel;
    private Thread echo;
    private MemorySegment header;
    private MemorySegment payload;

    @Setup
    public void connect() throws IOException {
        listener = MessageChannels.listen(ChannelAddress.parse(address));
        echo = Thread.ofPlatform().daemon().start(this::echo);
        channel = MessageChannels.connect(listener.address());
        header = Arena.ofAuto().allocate(64, 8);
        payload = Arena.ofAuto().allocate(bytes, 64);
    }

    @Benchmark
    public long roundTrip() throws IOException {
        channel.send(header, payload);
        try (IncomingMessage message = channel.receive()) {
            message.payload().copyTo(payload, 0);
            return message.header().byteSize();
        }
    }

    @TearDown
    public void close() throws InterruptedException {
        channel.close();
        listener.close();
        echo.join();
    }

    private void echo() {
        MemorySegment memory = Arena.ofAuto().allocate(bytes, 64);
        MemorySegment answer = Arena.ofAuto().allocate(64, 8);
        try (MessageChannel accepted = listener.accept()) {
            while (true) {
                try (IncomingMessage message = accepted.receive()) {
                    message.payload().copyTo(memory, 0);
                }
                accepted.send(answer, memory);
            }
        } catch (EOFException e) {
            // The other end closed: the benchmark is over.
        } catch (IOException e) {
            throw new IllegalStateException("the echoing end failed", e);
        }
    }
}
