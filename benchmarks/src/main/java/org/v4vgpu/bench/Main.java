package org.v4vgpu.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.bench.report.Report;
import org.v4vgpu.bench.result.Comparison;
import org.v4vgpu.bench.result.Machine;
import org.v4vgpu.bench.result.Result;
import org.v4vgpu.bench.result.ResultJson;
import org.v4vgpu.bench.result.ResultTable;
import org.v4vgpu.bench.result.Run;
import org.v4vgpu.client.CudaException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * The command {@code benchmarks/run}. Exit codes: 0 measured, 1 failed, also to write, 2 usage, 3 peer or server not reachable, 4 slower
 * than what {@code --compare} names.
 */
@Command(
        name = "benchmarks/run",
        sortOptions = false,
        usageHelpWidth = 100,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:measured",
            "1:failed",
            "2:wrong usage",
            "3:a peer or a server is not reachable",
            "4:something got slower than in the results of --compare"
        })
public final class Main implements Callable<Integer> {
    private static final int FAILED = 1;
    private static final int USAGE = 2;
    private static final int UNREACHABLE = 3;
    private static final int SLOWER = 4;

    private static final double MOST_MINUTES = 24 * 60;
    private static final String REPORT = "report";
    private static final String USAGE_LINE = "Usage: ";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call()
    private CommandSpec spec;

    @Parameters(
            arity = "0..*",
            paramLabel = "NAME",
            description = "What to run, of those above; report: write a report on them, or on all.")
    private List<String> names = new ArrayList<>();

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write the results with all samples as JSON (.gz: compressed).")
    private @Nullable Path json;

    @Option(names = "--quick", description = "Fewer sizes and repetitions.")
    private boolean quick;

    @Option(names = "--smoke", hidden = true, description = "Everything once; the figures mean nothing.")
    private boolean smoke;

    @Option(
            names = "--pin",
            negatable = true,
            description =
                    "Bind this side to one processor and the other side to another, or leave that to the kernel. Default: bind"
                            + " where each side is one thread.")
    private @Nullable Boolean pinning;

    @Option(
            names = "--compare",
            paramLabel = "FILE",
            description =
                    "Say what got slower than in these results (as --json or a report writes them) beyond the noise; exit 4"
                            + " if anything did.")
    private @Nullable Path compare;

    @Option(
            names = "--tolerance",
            paramLabel = "PERCENT",
            defaultValue = "10",
            description = "What --compare lets pass between runs. Default: ${DEFAULT-VALUE}")
    private double tolerancePercent;

    @Option(
            names = "--minutes",
            paramLabel = "MINUTES",
            description = "How long 'soak' lasts. Default: 3; with --quick a third of one.")
    private @Nullable Double minutes;

    @Option(names = "--from", paramLabel = "FILE", description = "Measure nothing: take the results from this file.")
    private @Nullable Path from;

    @Option(
            names = "--out",
            paramLabel = "DIRECTORY",
            description = "Where the report goes. Default: benchmarks/target/report")
    private @Nullable Path out;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    @Option(names = "--debug", description = "Show stack traces.")
    private boolean debug;

    private final Path root = Path.of(System.getProperty("v4vgpu.root", "")).toAbsolutePath();
    private String typed = "benchmarks/run";
    private @Nullable Path log;

    public static void main(String[] arguments) {
        System.setProperty("java.awt.headless", "true"); // plots are drawn, not shown
        int exitCode = commandLine(arguments).execute(arguments);
        Laboratory.removeFabric();
        removeEmptyLog();
        System.exit(exitCode);
    }

    /** The launcher's, where nobody had anything to log. */
    private static void removeEmptyLog() {
        String named = System.getProperty("v4vgpu.bench.log");
        try {
            if (named != null && Files.exists(Path.of(named)) && Files.size(Path.of(named)) == 0) {
                Files.delete(Path.of(named));
            }
        } catch (IOException e) {
            // It is empty, and in a build folder.
        }
    }

    static CommandLine commandLine(String... typed) {
        Main main = new Main();
        main.typed = "benchmarks/run " + String.join(" ", typed);
        CommandLine line = new CommandLine(main);
        line.getCommandSpec().usageMessage().description(description());
        line.setParameterExceptionHandler((e, _) -> {
            PrintWriter err = e.getCommandLine().getErr();
            err.println("benchmarks/run: " + e.getMessage());
            err.print(USAGE_LINE + line.getHelp().synopsis(USAGE_LINE.length()));
            err.flush();
            return USAGE;
        });
        line.setExecutionExceptionHandler((e, _, _) -> main.explain(e));
        return line;
    }

    private static String[] description() {
        List<String> lines = new ArrayList<>();
        lines.add("Measures V4V, TCP and others between processes, in turns.");
        lines.add("Without a name it runs all of: " + list(each -> each.isPartOf(Effort.FULL)) + ".");
        addList(
                lines,
                "With --quick only if named: ",
                each -> each.isPartOf(Effort.FULL) && !each.isPartOf(Effort.QUICK));
        addList(lines, "Always only if named: ", each -> !each.isPartOf(Effort.FULL));
        lines.add("With the name report, too, and writes figures and tables as HTML, PNG, CSV and JSON.");
        return lines.toArray(String[]::new);
    }

    private static void addList(List<String> lines, String heading, Predicate<Experiment> wanted) {
        String list = list(wanted);
        if (!list.isEmpty()) {
            lines.add(heading + list + ".");
        }
    }

    private static String list(Predicate<Experiment> wanted) {
        return Experiments.ALL.stream().filter(wanted).map(Experiment::name).collect(Collectors.joining(", "));
    }

    @Override
    public Integer call() throws IOException {
        List<Experiment> experiments = experiments();
        ensureWritable();
        Run before = compare == null ? null : stored(compare, "--compare");
        Run run = from == null ? measure(experiments) : stored(from, "--from");
        writeJson(run);
        if (names.contains(REPORT)) {
            System.out.printf("%nreport: %s%n", writeReport(run));
        }
        if (before == null) {
            return 0;
        }
        Comparison comparison = Comparison.of(before, run, tolerancePercent / 100);
        System.out.printf("%ncompared with %s: %s", compare, comparison.format());
        return comparison.slower().isEmpty() ? 0 : SLOWER;
    }

    /** Where it is wanted. */
    private void writeJson(Run run) {
        Path file = json;
        if (file != null) {
            try {
                ResultJson.write(run, true, file);
            } catch (IOException e) {
                throw new UncheckedIOException("cannot write --json " + file + ": " + e.getMessage(), e);
            }
        }
    }

    private Path writeReport(Run run) {
        Path directory = reportDirectory();
        try {
            return Report.write(run, typed, directory);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the report to " + directory + ": " + e.getMessage(), e);
        }
    }

    private Path reportDirectory() {
        return out == null ? root.resolve("benchmarks").resolve("target").resolve("report") : out;
    }

    private Run measure(List<Experiment> experiments) throws IOException {
        long begin = System.nanoTime();
        Map<String, Object> machine = Machine.describe();
        machine.put("placement", placement());
        machine.put("repetitions", quick ? "quick" : smoke ? "smoke: these figures mean nothing" : "full");
        machine.forEach((name, value) -> System.out.println(name.replace('_', ' ') + ": " + value));
        List<Result> results = new ArrayList<>();
        List<String> skipped;
        Effort effort = effort();
        OptionalLong soak = soakNanos();
        TimePlan plan = new TimePlan(experiments, effort, soak.orElse(0), System::nanoTime);
        Map<String, Long> seconds = new LinkedHashMap<>();
        try (Laboratory laboratory = new Laboratory(root, effort, pinning, soak, logFile())) {
            for (Experiment experiment : experiments) {
                long start = System.nanoTime();
                long end = plan.begin(experiment);
                laboratory.place(experiment);
                List<Result> measured;
                try (Progress progress = new Progress(experiment.name(), plan.standing(), end)) {
                    progress.announce();
                    measured = experiment.run(laboratory, progress);
                } catch (IOException | RuntimeException e) {
                    laboratory.skip(experiment.name() + " and what follows it: " + e);
                    keep(new Run(machine, laboratory.skipped(), results), e);
                    throw e;
                }
                results.addAll(measured);
                seconds.put(experiment.name(), TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start));
                System.out.printf(
                        "%n%s: %s%n%n%s", experiment.name(), experiment.description(), ResultTable.format(measured));
                experiment.remarks(measured).forEach(System.out::println);
            }
            skipped = laboratory.skipped();
        }
        machine.put("seconds", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin));
        machine.put(
                "seconds_of_each",
                seconds.entrySet().stream()
                        .map(each -> each.getKey() + " " + each.getValue())
                        .collect(Collectors.joining(", ")));
        skipped.forEach(line -> System.out.println(System.lineSeparator() + "left out: " + line));
        Files.deleteIfExists(logFile());
        log = null;
        return new Run(machine, skipped, results);
    }

    /** What was measured before something failed. */
    private void keep(Run run, Exception failure) {
        if (json == null || run.results().isEmpty()) {
            return;
        }
        try {
            writeJson(run);
            spec.commandLine().getErr().println("benchmarks/run: what was measured before is in " + json);
        } catch (UncheckedIOException e) {
            failure.addSuppressed(e);
            spec.commandLine().getErr().println("benchmarks/run: " + e.getMessage());
        }
    }

    private Effort effort() {
        return smoke ? Effort.SMOKE : quick ? Effort.QUICK : Effort.FULL;
    }

    private OptionalLong soakNanos() {
        if (minutes == null) {
            return OptionalLong.empty();
        }
        double given = minutes;
        if (!(given > 0 && given <= MOST_MINUTES)) {
            throw new ParameterException(
                    spec.commandLine(), "--minutes " + given + ": must be more than 0 and at most " + MOST_MINUTES);
        }
        return OptionalLong.of((long) (given * TimeUnit.MINUTES.toNanos(1)));
    }

    private String placement() {
        if (pinning == null) {
            return "a processor for each side where each is one thread; elsewhere by the kernel";
        }
        return pinning ? "a processor for each side" : "by the kernel";
    }

    private List<Experiment> experiments() {
        List<String> known =
                Experiments.ALL.stream().map(Experiment::name).collect(Collectors.toCollection(ArrayList::new));
        known.add(REPORT);
        for (String name : names) {
            if (!known.contains(name)) {
                throw new ParameterException(
                        spec.commandLine(),
                        "no benchmark is called '" + name + "'; there are " + String.join(", ", known));
            }
        }
        List<String> chosen =
                names.stream().filter(name -> !name.equals(REPORT)).toList();
        return Experiments.ALL.stream()
                .filter(experiment ->
                        chosen.isEmpty() ? experiment.isPartOf(effort()) : chosen.contains(experiment.name()))
                .toList();
    }

    private Run stored(Path file, String option) {
        try {
            return ResultJson.read(file);
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), option + ": " + e.getMessage(), e);
        }
    }

    /** Before the measuring, not after it. */
    private void ensureWritable() {
        Path file = json;
        if (file != null && Files.exists(file)) {
            if (Files.isDirectory(file) || !Files.isWritable(file)) {
                throw new ParameterException(
                        spec.commandLine(), "cannot write --json " + file + ": it is no file to write to");
            }
        } else if (file != null) {
            ensureWritable("--json " + file, file.toAbsolutePath().getParent());
        }
        if (names.contains(REPORT)) {
            Path folder = reportDirectory().toAbsolutePath();
            while (folder != null && !Files.exists(folder)) {
                folder = folder.getParent(); // what is below it will be made
            }
            ensureWritable("the report", folder);
        }
    }

    private void ensureWritable(String what, @Nullable Path folder) {
        if (folder == null || !Files.isDirectory(folder) || !Files.isWritable(folder)) {
            throw new ParameterException(
                    spec.commandLine(), "cannot write " + what + ": " + folder + " is no directory to write to");
        }
    }

    /** Where this JVM logs by its launcher's wish, and the other processes, too. */
    private Path logFile() throws IOException {
        Path file = log;
        if (file == null) {
            String named = System.getProperty("v4vgpu.bench.log");
            file = named == null ? Files.createTempFile("v4vgpu-bench-", ".log") : Path.of(named);
            log = file;
        }
        return file;
    }

    private int explain(Exception e) {
        PrintWriter err = spec.commandLine().getErr();
        if (debug) {
            e.printStackTrace(err); // what --debug asks for
        }
        err.println("benchmarks/run: " + (e.getMessage() == null ? e.toString() : e.getMessage())
                + (log == null ? "" : "; what the processes logged: " + log));
        return e instanceof IOException || e instanceof CudaException ? UNREACHABLE : FAILED;
    }
}
