package org.v4vgpu.server;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.cuda.Cublas;
import org.v4vgpu.device.nvrtc.CompilerChoice;
import org.v4vgpu.device.software.SoftwareDeviceOptions.Check;
import org.v4vgpu.server.session.SessionLimits;
import org.v4vgpu.server.status.StatusCommand;
import org.v4vgpu.v4v.ChannelAddress;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The program {@code gpu-server/run}: a server until SIGTERM, or the status of one.
 *
 * <p>Exit codes: 0 right, 1 failed, 2 wrong usage, 3 server or device not reachable or address not to be had, 4 a
 * kernel broke the GPU for this process.
 */
@Command(
        name = "gpu-server/run",
        sortOptions = false,
        description = "Serves a GPU to programs on machines without one, until SIGTERM.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:right",
            "1:failed",
            "2:wrong usage",
            "3:the device or the address is not to be had, or there is no server",
            "4:a kernel broke the GPU for this process; start it again"
        },
        subcommands = StatusCommand.class)
public final class ServerCommand implements Callable<Integer> {
    /** Exit code: server or device not reachable. */
    public static final int UNREACHABLE = 3;

    private static final String DEFAULT_ADDRESSES = "v4v://1:4840,tcp://127.0.0.1:4840";

    @Option(
            names = "--listen",
            paramLabel = "ADDRESS",
            split = ",",
            converter = AddressConverter.class,
            defaultValue = DEFAULT_ADDRESSES,
            description = {
                "where to listen, several times if wanted: v4v://<domain>:<port> or tcp://<host>:<port>.",
                "TCP has no authentication: whoever can connect can use the device.",
                "Default: ${DEFAULT-VALUE}"
            })
    private List<ChannelAddress> addresses = List.of();

    @Option(
            names = "--device",
            paramLabel = "auto|cuda|software",
            defaultValue = "auto",
            description = "what to serve; auto takes the GPUs if there are some that the driver can use. Default: auto")
    private DeviceChoice device = DeviceChoice.AUTO;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "device memory of the software device, such as 512M or 2G")
    private @Nullable ByteSize memory;

    @Option(
            names = "--quota",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "device memory that one client may have. Default: all of it")
    private @Nullable ByteSize quota;

    @Option(
            names = "--window-quota",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            defaultValue = "1G",
            description = {
                "how much pinned host memory of one client the server maps, so that copies from and to it need no transport; over",
                "V4V only; all clients together may have four times as much. Default: ${DEFAULT-VALUE}"
            })
    private ByteSize windowQuota = new ByteSize(0);

    @Option(
            names = "--kernel-timeout",
            paramLabel = "TIME",
            converter = TimeLimit.Converter.class,
            defaultValue = "10m",
            description = {
                "how long a kernel may run on the software device before it ends with CUDA_ERROR_LAUNCH_TIMEOUT, such as",
                "500ms, 30s, 2h; 0 for no limit. Default: ${DEFAULT-VALUE}"
            })
    private TimeLimit kernelTimeout = new TimeLimit(null);

    @Option(
            names = "--check",
            paramLabel = "memory|race",
            split = ",",
            description = {
                "what the software device watches kernels for, with commas: memory (reads of uninitialised shared memory,",
                "global accesses beyond the last byte of an allocation), race (shared memory that two threads use with",
                "no barrier between). The first finding ends the launch and says where. Kernels run many times slower"
            })
    private Set<Check> checks = Set.of();

    @Option(
            names = "--compiler",
            paramLabel = "auto|none|nvrtc|nvcc|clang|PATH",
            defaultValue = "auto",
            description = {
                "what compiles the programs that clients bring as source (NVRTC), in a sandbox: libnvrtc, nvcc or clang, the",
                "first that is found; nothing; one of them; or the one with this path. Default: ${DEFAULT-VALUE}"
            })
    private String compiler = "auto";

    @Option(
            names = "--cublas",
            paramLabel = "PATH",
            description = {
                "the libcublas that clients' calls of cuBLAS run in on a GPU. Default: the newest that the driver serves, on the",
                "library path or below /usr/local/cuda"
            })
    private @Nullable Path cublas;

    @Option(
            names = "--until-input-ends",
            description = "stop when standard input ends, so that the server can't outlive a program that started it")
    private boolean untilInputEnds;

    @SuppressWarnings("UnusedVariable") // main looks for the word before picocli runs
    @Option(names = "--debug", description = "log every refused call, and stack traces of errors")
    private boolean debug;

    @SuppressWarnings("UnusedVariable") // picocli acts on it
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help")
    private boolean help;

    @Spec
    private @Nullable CommandSpec spec;

    public static void main(String[] arguments) {
        // Before the first logger is made: logback.xml reads it.
        if (List.of(arguments).contains("--debug")) {
            System.setProperty("v4vgpu.log", "DEBUG");
        }
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        CommandLine command = new CommandLine(new ServerCommand());
        command.setCaseInsensitiveEnumValuesAllowed(true);
        command.setParameterExceptionHandler(ServerCommand::explainUsage);
        command.setExecutionExceptionHandler((failure, line, result) -> explain(failure, line));
        return command;
    }

    @Override
    public Integer call() throws Exception {
        CommandSpec command = Objects.requireNonNull(spec);
        PrintWriter out = command.commandLine().getOut();
        SessionLimits limits = SessionLimits.DEFAULT
                .withMemoryBytes(quota == null ? 0 : quota.bytes())
                .withWindowBytes(windowQuota.bytes());
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        if (cublas != null) {
            System.setProperty(Cublas.PROPERTY, cublas.toString());
        }
        List<Device> devices = device.open(memory, kernelTimeout, checks, FatalFault::endProcess);
        try (GpuServer server = GpuServer.start(devices, addresses, limits, CompilerChoice.parse(compiler))) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(stop, stopped), "stop"));
            server.addresses().forEach(address -> out.println("listening on " + address));
            out.flush();
            if (untilInputEnds) {
                Thread.ofPlatform().daemon().name("input").start(() -> awaitInputEnd(stop));
            }
            stop.await();
        } finally {
            devices.forEach(Device::close);
            stopped.countDown();
        }
        return 0;
    }

    /** Counts down when nobody can write to this program any more. */
    private static void awaitInputEnd(CountDownLatch stop) {
        try {
            System.in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // Not a static logger: main sets the log level before the first one is made.
            System.getLogger(ServerCommand.class.getName())
                    .log(Level.WARNING, "standard input broke: {0}", e.getMessage());
        } finally {
            stop.countDown();
        }
    }

    /** Runs on a signal: the JVM lives until this ends. */
    private static void stop(CountDownLatch stop, CountDownLatch stopped) {
        stop.countDown();
        try {
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One line, then the usage. */
    private static int explainUsage(ParameterException failure, String[] arguments) {
        CommandLine line = failure.getCommandLine();
        line.getErr().println(line.getCommandName() + ": " + failure.getMessage());
        line.usage(line.getErr());
        return 2;
    }

    /** One line that says what was wrong; a stack trace only with --debug. */
    private static int explain(Exception failure, CommandLine line) {
        line.getErr().println(line.getCommandSpec().qualifiedName() + ": " + failure.getMessage());
        if (System.getProperty("v4vgpu.log", "").toUpperCase(Locale.ROOT).equals("DEBUG")) {
            failure.printStackTrace(line.getErr());
        }
        return failure instanceof IOException || failure instanceof DeviceException ? UNREACHABLE : 1;
    }
}
