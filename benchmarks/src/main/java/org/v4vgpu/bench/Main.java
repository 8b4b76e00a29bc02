package org.v4vgpu.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code benchmarks/run}. Exit codes: 0 measured, 1 failed, 2 usage, 3 peer or server not reachable. */
@Command(
        name = "benchmarks/run",
        sortOptions = false,
        usageHelpWidth = 100,
        description =
                "Measures V4V and TCP between processes, in turns. Without a name, all of: pingpong, bandwidth, rpc,"
                        + " memcpy.")
public final class Main implements Callable<Integer> {
    private static final int FAILED = 1;
    private static final int USAGE = 2;
    private static final int UNREACHABLE = 3;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call()
    private CommandSpec spec;

    @Parameters(arity = "0..*", paramLabel = "NAME", description = "pingpong, bandwidth, rpc or memcpy.")
    private List<String> names = new ArrayList<>();

    @Option(names = "--json", paramLabel = "FILE", description = "Write the results as JSON.")
    private @Nullable Path json;

    @Option(names = "--quick", description = "Fewer sizes and repetitions.")
    private boolean quick;

    @Option(names = "--pin", description = "Bind this side to one processor and the other side to another.")
    private boolean pinned;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    @Option(names = "--debug", description = "Show stack traces.")
    private boolean debug;

    public static void main(String[] arguments) {
        int exitCode = commandLine().execute(arguments);
        Laboratory.removeFabric();
        System.exit(exitCode);
    }

    static CommandLine commandLine() {
        Main main = new Main();
        CommandLine line = new CommandLine(main);
        line.setParameterExceptionHandler((e, _) -> {
            PrintWriter err = e.getCommandLine().getErr();
            err.println("benchmarks/run: " + e.getMessage());
            err.println("Usage: benchmarks/run [NAME...] [--json FILE] [--quick] [--pin] [--debug]");
            return USAGE;
        });
        line.setExecutionExceptionHandler((e, _, _) -> main.report(e));
        return line;
    }

    @Override
    public Integer call() throws IOException {
        List<Experiment> experiments = experiments();
        ensureWritable();
        Map<String, Object> machine = Machine.describe();
        machine.put("pinned", pinned);
        machine.forEach((name, value) -> System.out.println(name + ": " + value));
        List<Result> results = new ArrayList<>();
        Path root = Path.of(System.getProperty("v4vgpu.root", "")).toAbsolutePath();
        try (Laboratory laboratory = new Laboratory(root, quick, pinned)) {
            for (Experiment experiment : experiments) {
                List<Result> measured = experiment.run(laboratory);
                laboratory.endProcesses();
                results.addAll(measured);
                System.out.printf(
                        "%n%s: %s%n%n%s", experiment.name(), experiment.description(), ResultTable.format(measured));
            }
        }
        if (json != null) {
            ResultJson.write(machine, results, json);
        }
        return 0;
    }

    private List<Experiment> experiments() {
        for (String name : names) {
            if (Experiment.ALL.stream()
                    .noneMatch(experiment -> experiment.name().equals(name))) {
                String known = Experiment.ALL.stream().map(Experiment::name).collect(Collectors.joining(", "));
                throw new ParameterException(
                        spec.commandLine(), "no benchmark is called '" + name + "'; there are " + known);
            }
        }
        return names.isEmpty()
                ? Experiment.ALL
                : Experiment.ALL.stream()
                        .filter(experiment -> names.contains(experiment.name()))
                        .toList();
    }

    /** Before the measuring, not after it. */
    private void ensureWritable() {
        Path folder = json == null ? null : json.toAbsolutePath().getParent();
        if (folder != null && !Files.isWritable(folder)) {
            throw new ParameterException(
                    spec.commandLine(), "cannot write --json " + json + ": " + folder + " is no directory to write to");
        }
    }

    private int report(Exception e) {
        PrintWriter err = spec.commandLine().getErr();
        if (debug) {
            e.printStackTrace(err); // what --debug asks for
        }
        err.println("benchmarks/run: " + (e.getMessage() == null ? e.toString() : e.getMessage()));
        return e instanceof IOException || e instanceof CudaException ? UNREACHABLE : FAILED;
    }
}
