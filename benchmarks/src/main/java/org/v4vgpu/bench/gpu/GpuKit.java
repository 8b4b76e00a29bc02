package org.v4vgpu.bench.gpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.v4vgpu.bench.result.Machine;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.ResultJson;
import org.v4vgpu.bench.result.Run;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.cuda.Cuda;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The command {@code run} of the bundle: tests the CUDA device, then measures programs natively, over V4V and over TCP. Each step has its
 * own time; one that fails is said and left.
 */
@Command(
        name = "run",
        sortOptions = false,
        description =
                "Tests the CUDA device on this machine's GPU and measures copies and kernels natively, over V4V and over TCP.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:every step went well", "1:a step failed", "2:wrong usage", "3:there is no GPU"})
public final class GpuKit implements Callable<Integer> {
    private static final long RUN_SECONDS = 470;
    private static final int NO_GPU = 3;

    @Option(names = "--out", paramLabel = "DIRECTORY", description = "for results and logs; default: ${DEFAULT-VALUE}")
    private Path out = Path.of("results");

    @Option(names = "--largest", paramLabel = "BYTES", description = "of a copy; default: ${DEFAULT-VALUE}")
    private int largest = 1 << 30;

    @Option(names = "--matmul", paramLabel = "SIZE", description = "of the large product; default: ${DEFAULT-VALUE}")
    private int matmul = 8192;

    @Option(names = "--small", paramLabel = "SIZE", description = "of the checked workloads; default: ${DEFAULT-VALUE}")
    private int small = 1024;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call()
    private CommandSpec spec;

    private final List<String> failures = new ArrayList<>();
    private final List<Result> results = new ArrayList<>();
    private final Deadline end = Deadline.in(RUN_SECONDS);

    /** Something to do. */
    private interface Step {
        void run(Deadline deadline) throws IOException, StepException, InterruptedException;
    }

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new GpuKit()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        KitBundle bundle =
                new KitBundle(Path.of(System.getProperty("v4vgpu.bundle", ".")).toAbsolutePath(), out.toAbsolutePath());
        Files.createDirectories(bundle.out());
        Map<String, Object> machine = new LinkedHashMap<>(Machine.describe());
        step("machine", 20, deadline -> GpuMachine.describe(bundle, machine, deadline));
        machine.forEach((name, value) -> say("  " + name + ": " + value));
        DeviceException cause = Cuda.unavailabilityCause();
        if (cause != null) {
            spec.commandLine().getErr().println("run: " + cause.getMessage());
            return NO_GPU;
        }
        step("bundle", 5, _ -> bundle.check());
        step("contract of the CUDA device", 90, deadline -> new ContractStep(bundle).run(deadline));
        step("fault in a process of its own", 20, deadline -> new ContractStep(bundle).fault(deadline));
        Comparison comparison = new Comparison(bundle, results);
        step("matrix product, checked", 60, deadline -> comparison.verified(deadline, "matmul", small));
        step("stencil, checked", 60, deadline -> comparison.verified(deadline, "stencil", small, "20"));
        step("copies, native", 60, deadline -> comparison.copies(deadline, KitBundle.NATIVE, largest));
        step("copies, v4v", 60, deadline -> comparison.copies(deadline, "v4v", largest));
        step("copies, tcp", 80, deadline -> comparison.copies(deadline, "tcp", largest));
        step("matrix product of " + matmul, 120, deadline -> comparison.product(deadline, matmul));
        say("");
        say(NativeRatios.format(results));
        Path json = bundle.out().resolve("results.json");
        ResultJson.write(new Run(machine, failures, results), false, json);
        say("results: " + json);
        failures.forEach(failure -> say("FAILED " + failure));
        return failures.isEmpty() ? 0 : 1;
    }

    private void step(String name, long seconds, Step step) {
        Deadline deadline = Deadline.in(seconds, end);
        long begin = System.nanoTime();
        say("== " + name + " (at most " + deadline.seconds() + " s)");
        String outcome = "right";
        try {
            if (deadline.seconds() == 0) {
                throw new StepException("the run's " + RUN_SECONDS + " s are over");
            }
            step.run(deadline);
        } catch (IOException | StepException | RuntimeException e) {
            outcome = "FAILED: " + (e instanceof StepException ? e.getMessage() : e.toString());
            failures.add(name + ": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failures.add(name + ": interrupted");
        }
        say("   " + outcome + ", " + (System.nanoTime() - begin) / 1_000_000 + " ms");
    }

    @SuppressWarnings("SystemOut") // the report
    static void say(String line) {
        System.out.println(line);
    }
}
