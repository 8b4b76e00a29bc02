package org.v4vgpu.stencil;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Measures one job on several programs that take turns: a repetition on the first, one on the second, and again, so that what
 * else the machine does meets them alike. Confined to one thread.
 */
final class Measurement {
    /** Some 150 copies of 16 MiB: by then C2 has compiled what carries a chunk, in the program and in the server. */
    private static final long WARM_MILLIS = 1500;

    private static final int WARM_UP_ROUNDS = 3;
    private static final int MINIMUM_REPETITIONS = 3;
    private static final int MAXIMUM_REPETITIONS = 25;
    private static final long MEASURE_NANOS = TimeUnit.SECONDS.toNanos(6);

    private final Job job;
    private final List<ProgramProcess> programs;
    private final List<List<ProgramProcess.Repetition>> repetitions = new ArrayList<>();

    Measurement(Job job, List<ProgramProcess> programs) {
        this.job = job;
        this.programs = programs;
        programs.forEach(_ -> repetitions.add(new ArrayList<>()));
    }

    /** Warms up, repeats, verifies. Takes some ten seconds, or what a few repetitions take if that is longer. */
    Report run() throws DemoException, InterruptedException {
        try (Progress progress = new Progress(job.name())) {
            long nanosPerRound = warmUp(progress);
            int rounds =
                    (int) Math.clamp(MEASURE_NANOS / nanosPerRound, MINIMUM_REPETITIONS, (long) MAXIMUM_REPETITIONS);
            progress.expect(rounds);
            for (int round = 0; round < rounds; round++) {
                for (int i = 0; i < programs.size(); i++) {
                    repetitions.get(i).add(programs.get(i).repeat());
                }
                progress.step();
            }
        }
        return verify();
    }

    /** Gives just-in-time compilers on both sides their chance, and returns the duration of the last round. */
    private long warmUp(Progress progress) throws DemoException, InterruptedException {
        for (ProgramProcess program : programs) {
            program.warm(WARM_MILLIS);
            progress.step();
        }
        long nanosPerRound = 1;
        for (int round = 0; round < WARM_UP_ROUNDS; round++) {
            long begin = System.nanoTime();
            for (ProgramProcess program : programs) {
                program.repeat();
            }
            nanosPerRound = Math.max(1, System.nanoTime() - begin);
            progress.step();
        }
        return nanosPerRound;
    }

    /** Lets each different result be compared once: equal results need no second opinion. */
    private Report verify() throws DemoException, InterruptedException {
        Map<String, ProgramProcess.Verdict> verdicts = new HashMap<>();
        List<Report.Run> runs = new ArrayList<>();
        boolean verified = true;
        double tolerance = 0;
        for (int i = 0; i < programs.size(); i++) {
            ProgramProcess program = programs.get(i);
            String result = repetitions.get(i).getLast().result();
            ProgramProcess.Verdict verdict = verdicts.get(result);
            if (verdict == null) {
                verdict = program.verify();
                verdicts.put(result, verdict);
            }
            verified &= verdict.verified();
            tolerance = Math.max(tolerance, verdict.tolerance());
            String transport = program.address().substring(0, program.address().indexOf(':'));
            runs.add(new Report.Run(transport, program.address(), medians(repetitions.get(i)), verdict.maximumError()));
        }
        return new Report(
                job,
                programs.getFirst().device(),
                verified,
                tolerance,
                repetitions.getFirst().size(),
                List.copyOf(runs));
    }

    private static Map<String, Double> medians(List<ProgramProcess.Repetition> repetitions) {
        Map<String, Double> medians = new LinkedHashMap<>();
        for (String stage : repetitions.getFirst().micros().keySet()) {
            medians.put(stage, median(repetitions, stage));
        }
        return medians;
    }

    private static double median(List<ProgramProcess.Repetition> repetitions, String stage) {
        double[] sorted = repetitions.stream()
                .mapToDouble(repetition -> repetition.micros().getOrDefault(stage, Double.NaN))
                .sorted()
                .toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
