package org.v4vgpu.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Samples;

/** A call without payload that waits for its reply: a context synchronize with nothing to wait for. */
final class Rpc implements Experiment {
    private static final int SETTLING_CALLS = 100;
    private static final int FEWEST_CALLS = 100;
    private static final int MOST_CALLS = 4000;

    @Override
    public String name() {
        return "rpc";
    }

    @Override
    public String description() {
        return "a synchronous call without payload (context synchronize), executed by the server";
    }

    @Override
    public boolean isBetterPinned() {
        return true;
    }

    @Override
    public List<Result> run(Laboratory laboratory, Progress progress) throws IOException {
        Interleaving plan =
                laboratory.effort().plan(Interleaving.of(8, 30, 30, 4000), Interleaving.of(20, 40, 60, 8000));
        Map<String, Accelerator> accelerators = new LinkedHashMap<>(laboratory.acceleratorsByStack());
        accelerators.remove("local"); // is no call
        progress.expect(plan.steps(accelerators.size()));
        List<Result> results = new ArrayList<>();
        Map<String, Interleaving.Contender> contenders = new LinkedHashMap<>();
        accelerators.forEach(
                (transport, accelerator) -> contenders.put(transport, during -> takeTurn(accelerator, during)));
        plan.run(contenders, laboratory.compilers(), progress)
                .forEach((transport, turns) -> results.add(Result.of(name(), "", transport, 0, 1, turns, 0)));
        return results;
    }

    private static Samples takeTurn(Accelerator accelerator, Interleaving plan) throws IOException {
        long call = Settling.by(plan.settlingNanos(), () -> call(accelerator, SETTLING_CALLS)) / SETTLING_CALLS;
        return call(accelerator, plan.repetitions(call, FEWEST_CALLS, MOST_CALLS));
    }

    /** So many calls, timed one by one. */
    static Samples call(Accelerator accelerator, int calls) throws IOException {
        Samples samples = new Samples();
        for (int i = 0; i < calls; i++) {
            long begin = System.nanoTime();
            accelerator.synchronize();
            samples.add(System.nanoTime() - begin);
        }
        return samples;
    }
}
