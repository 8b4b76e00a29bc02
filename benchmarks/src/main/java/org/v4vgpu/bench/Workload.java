package org.v4vgpu.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.bench.result.Turns;

/**
 * A whole job on the device, split into its copies and its kernel: the poster's matrix product, or the stencil. {@code local} is the
 * same device in this process, which is what native means here. The kernels are those of the demo. Immutable.
 */
final class Workload implements Experiment {
    /** The kind of results: one input matrix to the device. */
    static final String INPUT = "copy of one input";

    /** The kind of results: all copies. */
    static final String COPIES = "copies";

    /** The kind of results: the kernel. */
    static final String KERNEL = "kernel";

    /** The kind of results: copies and kernel. */
    static final String TOTAL = "total";

    private static final List<Integer> QUICK_SIZES = List.of(128, 256, 512);
    private static final int MOST_REPETITIONS = 20;

    /** Before the first size that counts this one runs until nobody compiles any more: all sizes run the same kernel. */
    private static final int WARM_UP_SIZE = 512;

    private final String name;
    private final String description;
    private final Job.Maker maker;
    private final int matrices;
    private final int growth;

    /**
     * A workload.
     *
     * @param matrices that each contender has, host and device together
     * @param growth how many times as long twice the size takes
     */
    private Workload(String name, String description, Job.Maker maker, int matrices, int growth) {
        this.name = name;
        this.description = description;
        this.maker = maker;
        this.matrices = matrices;
        this.growth = growth;
    }

    static Experiment matmul() {
        return new Workload(
                "matmul",
                "product of square matrices: two copies in, a tiled kernel, one copy out",
                MatrixJob::new,
                6,
                8);
    }

    static Experiment stencil() {
        return new Workload(
                "stencil",
                "heat stencil: one copy in, " + StencilJob.ITERATIONS + " iterations on the device, one copy out",
                StencilJob::new,
                4,
                4);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public boolean isBetterPinned() {
        return false; // the kernel takes all cores
    }

    @Override
    public List<Result> run(Laboratory laboratory, Progress progress) throws IOException {
        Effort effort = laboratory.effort();
        Interleaving plan = effort.plan(Interleaving.of(5, 30, 60, 600), Interleaving.of(9, 60, 150, 4000));
        Map<String, Accelerator> accelerators =
                effort == Effort.QUICK ? laboratory.accelerators() : laboratory.acceleratorsByStack();
        MatrixSizes sizes = new MatrixSizes(name, effort, QUICK_SIZES, matrices * accelerators.size(), growth);
        List<Result> results = new ArrayList<>();
        progress.expect(sizes.fitting().size() * plan.steps(accelerators.size()));
        if (effort != Effort.SMOKE) {
            Interleaving uncounted = effort.plan(Interleaving.of(1, 30, 60, 4000), Interleaving.of(1, 60, 150, 12_000));
            run(laboratory, accelerators, WARM_UP_SIZE, uncounted, sizes, progress.aside());
        }
        for (int size : sizes.all()) {
            if (!sizes.admits(size, laboratory, progress)) {
                break;
            }
            results.addAll(run(laboratory, accelerators, size, plan, sizes, progress));
        }
        return results;
    }

    private List<Result> run(
            Laboratory laboratory,
            Map<String, Accelerator> accelerators,
            int size,
            Interleaving plan,
            MatrixSizes sizes,
            Progress progress)
            throws IOException {
        Map<String, Job> jobs = new LinkedHashMap<>();
        Map<String, Stages> stages = new LinkedHashMap<>();
        Interleaving.Taken taken;
        try {
            Map<String, Interleaving.Contender> contenders = new LinkedHashMap<>();
            for (Map.Entry<String, Accelerator> entry : accelerators.entrySet()) {
                Job job = maker.make(laboratory.root(), entry.getValue(), size);
                jobs.put(entry.getKey(), job);
                Stages own = stages.computeIfAbsent(entry.getKey(), _ -> new Stages(size > MatrixSizes.ALWAYS));
                contenders.put(entry.getKey(), during -> takeTurn(job, own, during));
            }
            taken = plan.runTimed(contenders, laboratory.compilers(), progress);
            for (Map.Entry<String, Job> job : jobs.entrySet()) {
                job.getValue().verify();
            }
        } finally {
            jobs.values().forEach(Job::close);
        }
        sizes.measured(size, taken.rounds(), taken.nanos());
        long bytes = (long) size * size * Float.BYTES;
        List<Result> results = new ArrayList<>();
        stages.forEach((transport, own) -> own.last(taken.rounds()).forEach((kind, turns) -> {
            double rate = kind.equals(INPUT) ? bytes * 1e3 / turns.percentile(50) : 0;
            results.add(Result.of(name, kind, transport, bytes, 1, turns, rate));
        }));
        return results;
    }

    private static Samples takeTurn(Job job, Stages stages, Interleaving plan) throws IOException {
        long step = plan.turnNanos();
        if (!stages.isLong) { // what takes long settles itself
            step = Settling.by(plan.settlingNanos(), job::run);
        }
        Samples input = new Samples();
        Samples copies = new Samples();
        Samples kernel = new Samples();
        Samples total = new Samples();
        for (int i = plan.repetitions(step, 1, MOST_REPETITIONS); i > 0; i--) {
            Job.Times times = job.run();
            input.add(times.inputNanos());
            copies.add(times.copiesNanos());
            kernel.add(times.kernelNanos());
            total.add(times.copiesNanos() + times.kernelNanos());
        }
        stages.add(Map.of(INPUT, input, COPIES, copies, KERNEL, kernel, TOTAL, total));
        return total;
    }

    /** The turns of one contender by stage, with those that don't count. */
    private static final class Stages {
        private final List<Map<String, Samples>> turns = new ArrayList<>();

        /** Whether one run takes a turn. */
        private final boolean isLong;

        Stages(boolean isLong) {
            this.isLong = isLong;
        }

        void add(Map<String, Samples> turn) {
            turns.add(turn);
        }

        /** The last so many turns: those that count. */
        Map<String, Turns> last(int count) {
            Map<String, Turns> byKind = new LinkedHashMap<>();
            for (Map<String, Samples> turn : turns.subList(turns.size() - count, turns.size())) {
                for (String kind : List.of(INPUT, COPIES, KERNEL, TOTAL)) {
                    byKind.computeIfAbsent(kind, _ -> new Turns()).add(turn.getOrDefault(kind, new Samples()));
                }
            }
            return byKind;
        }
    }
}
