package org.v4vgpu.stencil;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.stencil.program.HeatField;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code stencil-demo/run}. Exit codes: 0 right, 1 a wrong result or a failed run, 2 usage, 3 no server or device. */
@Command(
        name = "stencil-demo/run",
        sortOptions = false,
        usageHelpWidth = 100,
        description = {
            "Runs a matrix product and a heat stencil on a GPU that is somewhere else, over V4V and over TCP, checks the"
                    + " results on the CPU and compares the times. Without --server it starts a server of its own."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:every result is right",
            "1:a wrong result, or a run that failed",
            "2:wrong usage",
            "3:server or device not reachable"
        })
public final class Main implements Callable<Integer> {
    /** Of the project's directory; the launcher sets it. */
    static final String ROOT_PROPERTY = "v4vgpu.root";

    private static final int MATMUL_SIZE = 1024;
    private static final int STENCIL_SIZE = 2048;
    private static final int ITERATIONS = 20;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before call()
    private CommandSpec spec;

    @Parameters(
            arity = "0..1",
            paramLabel = "matmul|stencil|all",
            defaultValue = "all",
            description = "What to run (default: ${DEFAULT-VALUE}).")
    private String workload = "all";

    @Option(
            names = "--size",
            paramLabel = "N",
            description = "Rows and columns of the matrices and of the seeded field (default: " + MATMUL_SIZE + " and "
                    + STENCIL_SIZE + ").")
    private @Nullable Integer size;

    @Option(
            names = "--iterations",
            paramLabel = "K",
            description = "Iterations of the stencil (default: " + ITERATIONS + ").")
    private @Nullable Integer iterations;

    @Option(
            names = "--server",
            paramLabel = "ADDRESS",
            description = "A running server: v4v://<domain>:<port> or tcp://<host>:<port>. Several are compared.")
    private List<String> servers = new ArrayList<>();

    @Option(names = "--json", paramLabel = "FILE", description = "Write the measurements as JSON.")
    private @Nullable Path json;

    @Option(names = "--picture", paramLabel = "FILE.png", description = "Write the stencil's result as a picture.")
    private @Nullable Path picture;

    @Option(
            names = "--input",
            paramLabel = "FILE",
            description = "Start the stencil from a PNG's grey levels: black is cold, white is hot.")
    private @Nullable Path input;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    @Option(names = "--debug", description = "Show stack traces and what the processes log.")
    private boolean debug;

    public static void main(String[] arguments) {
        System.setProperty("java.awt.headless", "true");
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        Main main = new Main();
        CommandLine line = new CommandLine(main);
        line.setParameterExceptionHandler((e, _) -> {
            e.getCommandLine().getErr().println("stencil-demo/run: " + e.getMessage());
            e.getCommandLine().getErr().println(synopsis(e.getCommandLine()));
            return DemoException.USAGE;
        });
        line.setExecutionExceptionHandler((e, _, _) -> main.report(e));
        return line;
    }

    @Override
    public Integer call() throws DemoException, InterruptedException {
        List<Job> jobs = jobs();
        checkServers();
        ensureWritable(json, "--json");
        ensureWritable(picture, "--picture");
        Path root = Path.of(System.getProperty(ROOT_PROPERTY, "")).toAbsolutePath();
        List<Report> reports = new ArrayList<>();
        try (ServerProcess server = servers.isEmpty() ? ServerProcess.start(root, debug) : null) {
            for (Job job : jobs) {
                reports.add(measure(job, server, root));
            }
        }
        if (json != null) {
            try {
                ReportJson.write(reports, json);
            } catch (IOException e) {
                throw new DemoException(DemoException.FAILED, "cannot write " + json + ": " + e.getMessage(), e);
            }
        }
        return reports.stream().allMatch(Report::verified) ? 0 : DemoException.FAILED;
    }

    private Report measure(Job job, @Nullable ServerProcess server, Path root)
            throws DemoException, InterruptedException {
        List<ProgramProcess> programs = new ArrayList<>();
        try {
            for (String address : server == null ? servers : server.addresses()) {
                programs.add(new ProgramProcess(root, job, address, server, debug));
            }
            Report report = new Measurement(job, programs).run();
            print(TimingTable.format(report));
            if (picture != null && job.name().equals("stencil")) {
                programs.getFirst().writePicture(picture.toFile());
                print("picture: " + picture + System.lineSeparator());
            }
            print(System.lineSeparator());
            return report;
        } finally {
            programs.forEach(ProgramProcess::close);
        }
    }

    private List<Job> jobs() throws DemoException {
        boolean product = workload.equals("matmul") || workload.equals("all");
        boolean stencil = workload.equals("stencil") || workload.equals("all");
        if (!product && !stencil) {
            throw usage("unknown workload '" + workload + "'; use matmul, stencil or all");
        }
        if (size != null && size <= 0) {
            throw usage("--size " + size + " is not positive");
        }
        if (iterations != null && iterations <= 0) {
            throw usage("--iterations " + iterations + " is not positive");
        }
        if (!stencil && (iterations != null || picture != null || input != null)) {
            throw usage("--iterations, --picture and --input are for the stencil, not for matmul");
        }
        if (!product && input != null && size != null) {
            throw usage("--size and --input exclude each other: the field is as large as the picture");
        }
        List<Job> jobs = new ArrayList<>();
        if (product) {
            jobs.add(Job.matmul(size == null ? MATMUL_SIZE : size));
        }
        if (stencil) {
            jobs.add(stencilJob(iterations == null ? ITERATIONS : iterations));
        }
        return jobs;
    }

    private Job stencilJob(int count) throws DemoException {
        if (input == null) {
            return Job.stencil(size == null ? STENCIL_SIZE : size, count);
        }
        try {
            HeatField field = HeatField.fromPicture(input.toFile());
            return Job.stencil(input.toAbsolutePath().toString(), field.width(), field.height(), count);
        } catch (IOException e) {
            throw new DemoException(DemoException.USAGE, String.valueOf(e.getMessage()), e);
        }
    }

    private void checkServers() {
        for (String server : servers) {
            if (!server.matches("(v4v|tcp)://.+:\\d+")) {
                throw usage(
                        "--server '" + server + "' is no address; use v4v://<domain>:<port> or tcp://<host>:<port>");
            }
        }
    }

    /** Finds out now, rather than after the measurement. */
    private static void ensureWritable(@Nullable Path file, String option) throws DemoException {
        if (file == null) {
            return;
        }
        boolean existed = Files.exists(file);
        try {
            Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)
                    .close();
            if (!existed) {
                Files.delete(file);
            }
        } catch (IOException e) {
            String reason = Files.isDirectory(file)
                    ? "it is a directory"
                    : e instanceof NoSuchFileException ? "there is no such directory" : e.getMessage();
            throw new DemoException(DemoException.USAGE, "cannot write " + option + " " + file + ": " + reason, e);
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private static String synopsis(CommandLine line) {
        return line.getHelp().synopsisHeading()
                + line.getHelp()
                        .synopsis(line.getHelp().synopsisHeadingLength())
                        .strip();
    }

    private int report(Exception e) {
        PrintWriter err = spec.commandLine().getErr();
        if (debug) {
            e.printStackTrace(err); // what --debug asks for
        }
        String message = e instanceof DemoException ? String.valueOf(e.getMessage()) : e.toString();
        err.println("stencil-demo/run: " + message);
        return e instanceof DemoException demo ? demo.exitCode() : DemoException.FAILED;
    }

    private static void print(String text) {
        System.out.print(text);
        System.out.flush();
    }
}
