package org.v4vgpu.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.bench.jcuda.JCudaProcess;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.client.Dim3;

/**
 * Launches of a kernel that does nearly nothing (the stencil on one cell): one that is waited for, each of many that are waited for
 * together, and of these the program's own share, before it waits. {@code local} is the same device in this process, {@code v4v-jcuda} a
 * JCuda program in a process of its own.
 */
final class Launch implements Experiment {
    private static final String WAITED_FOR = "synchronous";
    private static final String STREAMED = "asynchronous";

    /** What the program waits for until each of many launches is on its way. */
    private static final String ISSUED = "issued";

    /** As {@link #ISSUED}, of a program that makes the parameters' pointers once. */
    private static final String ISSUED_KEPT = "issued, kept";

    /** The transport of a JCuda program in a process of its own. */
    private static final String JCUDA = "v4v-jcuda";

    private static final int STREAM = 200;
    private static final int FEWEST = 20;
    private static final int MOST = 2000;
    private static final int MOST_STREAMS = 20;

    @Override
    public String name() {
        return "launch";
    }

    @Override
    public String description() {
        return "launch of a trivial kernel; 'asynchronous': each of " + STREAM
                + " before one synchronize, 'issued': before that begins";
    }

    @Override
    public boolean isBetterPinned() {
        return false; // a server has a thread that takes the call and others that run the kernel
    }

    @Override
    public List<Result> run(Laboratory laboratory, Progress progress) throws IOException {
        Interleaving plan =
                laboratory.effort().plan(Interleaving.of(6, 20, 20, 3000), Interleaving.of(15, 40, 40, 8000));
        Map<String, Accelerator> accelerators =
                laboratory.effort() == Effort.QUICK ? laboratory.accelerators() : laboratory.acceleratorsByStack();
        List<Result> results = new ArrayList<>();
        JCudaProcess program = program(laboratory);
        int programs = program == null ? 0 : 1;
        progress.expect(3 * plan.steps(accelerators.size() + programs) + plan.steps(programs));
        Map<String, Interleaving.Contender> one = new LinkedHashMap<>();
        Map<String, Interleaving.Contender> many = new LinkedHashMap<>();
        Map<String, Interleaving.Contender> issued = new LinkedHashMap<>();
        for (Map.Entry<String, Accelerator> entry : accelerators.entrySet()) {
            Accelerator accelerator = entry.getValue();
            Accelerator.Kernel kernel = accelerator.kernel(
                    laboratory.root().resolve("stencil-demo/src/main/cuda/stencil.ptx"),
                    "jacobi",
                    Dim3.of(1),
                    Dim3.of(1),
                    accelerator.allocate(Float.BYTES),
                    accelerator.allocate(Float.BYTES),
                    1,
                    1);
            one.put(entry.getKey(), during -> takeTurn(accelerator, kernel, 1, FEWEST, MOST, false, during));
            many.put(entry.getKey(), during -> takeTurn(accelerator, kernel, STREAM, 1, MOST_STREAMS, false, during));
            issued.put(entry.getKey(), during -> takeTurn(accelerator, kernel, STREAM, 1, MOST_STREAMS, true, during));
        }
        Map<String, Interleaving.Contender> kept = new LinkedHashMap<>();
        if (program != null) {
            one.put(JCUDA, during -> takeTurn(program, true, 1, FEWEST, MOST, false, during));
            many.put(JCUDA, during -> takeTurn(program, true, STREAM, 1, MOST_STREAMS, false, during));
            issued.put(JCUDA, during -> takeTurn(program, true, STREAM, 1, MOST_STREAMS, true, during));
            kept.put(JCUDA, during -> takeTurn(program, false, STREAM, 1, MOST_STREAMS, true, during));
        }
        plan.run(one, laboratory.compilers(), progress)
                .forEach((transport, turns) -> results.add(Result.of(name(), WAITED_FOR, transport, 0, 1, turns, 0)));
        plan.run(many, laboratory.compilers(), progress)
                .forEach((transport, turns) -> results.add(Result.of(name(), STREAMED, transport, 0, 1, turns, 0)));
        plan.run(issued, laboratory.compilers(), progress)
                .forEach((transport, turns) -> results.add(Result.of(name(), ISSUED, transport, 0, 1, turns, 0)));
        plan.run(kept, laboratory.compilers(), progress)
                .forEach((transport, turns) -> results.add(Result.of(name(), ISSUED_KEPT, transport, 0, 1, turns, 0)));
        return results;
    }

    private @Nullable JCudaProcess program(Laboratory laboratory) {
        try {
            return laboratory.jcuda();
        } catch (IOException e) {
            laboratory.skip(name() + ", " + JCUDA + ": " + e.getMessage());
            return null;
        }
    }

    private static Samples takeTurn(
            JCudaProcess program,
            boolean anew,
            int stream,
            int fewest,
            int most,
            boolean issuingOnly,
            Interleaving plan)
            throws IOException {
        return program.turn(anew, stream, issuingOnly, plan.settlingNanos(), plan.turnNanos(), fewest, most);
    }

    private static Samples takeTurn(
            Accelerator accelerator,
            Accelerator.Kernel kernel,
            int stream,
            int fewest,
            int most,
            boolean issuingOnly,
            Interleaving plan)
            throws IOException {
        long step = Settling.by(plan.settlingNanos(), () -> launch(accelerator, kernel, stream, false));
        Samples samples = new Samples();
        for (int i = plan.repetitions(step, fewest, most); i > 0; i--) {
            samples.add(Math.max(1, launch(accelerator, kernel, stream, issuingOnly) / stream));
        }
        return samples;
    }

    private static long launch(Accelerator accelerator, Accelerator.Kernel kernel, int launches, boolean issuingOnly)
            throws IOException {
        long begin = System.nanoTime();
        for (int i = 0; i < launches; i++) {
            kernel.launch();
        }
        long issued = System.nanoTime();
        accelerator.synchronize();
        return (issuingOnly ? issued : System.nanoTime()) - begin;
    }
}
