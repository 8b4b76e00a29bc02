package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Collection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.v4vgpu.bench.client.CallBenchmark;
import org.v4vgpu.bench.device.KernelBenchmark;
import org.v4vgpu.bench.proto.CallCodecBenchmark;
import org.v4vgpu.bench.v4v.ChannelRoundTripBenchmark;
import org.v4vgpu.bench.v4v.RingBenchmark;

/** That the benchmarks are generated and run; their figures mean nothing here. */
final class JmhSmokeTest {
    private static final String ROOT = "v4vgpu.root";

    @AfterEach
    void restore() {
        System.clearProperty(ROOT);
    }

    @Test
    void runsEachKindOnce() throws RunnerException {
        System.setProperty(ROOT, Path.of("..").toAbsolutePath().toString()); // where the kernels lie
        Options options = new OptionsBuilder()
                .include(CallCodecBenchmark.class.getSimpleName())
                .include(RingBenchmark.class.getSimpleName())
                .include(ChannelRoundTripBenchmark.class.getSimpleName())
                .include(CallBenchmark.class.getSimpleName())
                .include(KernelBenchmark.class.getSimpleName())
                .param("bytes", "64")
                .shouldFailOnError(true)
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(50))
                .verbosity(VerboseMode.SILENT)
                .build();
        Collection<RunResult> results = new Runner(options).run();
        assertEquals(3 + 1 + 2 + 2 * 3 + 3, results.size());
        for (RunResult result : results) {
            assertTrue(result.getPrimaryResult().getScore() > 0, result::toString);
        }
    }
}
