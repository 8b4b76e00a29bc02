package org.v4vgpu.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.bench.jcuda.JCudaProcess;
import org.v4vgpu.bench.link.Link;
import org.v4vgpu.bench.link.NetworkBridge;
import org.v4vgpu.bench.link.Peer;
import org.v4vgpu.bench.link.Transport;
import org.v4vgpu.bench.opencl.OpenClProcess;
import org.v4vgpu.bench.opencl.OpenClWorker;
import org.v4vgpu.bench.process.ChildProcess;

/**
 * Where experiments run: starts the processes on the other side, on a fabric of their own, and ends them all when it is closed
 * or the JVM ends. What those processes log goes to one file. One thread uses it; {@link #connect} is safe for any thread.
 */
final class Laboratory implements AutoCloseable {
    /** Set by the launcher to what the environment says: this JVM's own V4V domain needs the same. */
    static final String FABRIC_VARIABLE = "V4VGPU_FABRIC";

    private static final Pattern ADDRESS = Pattern.compile("\\b(?:(?:v4v|tcp)(?:\\+netty)?|unix|aeron)://\\S+\\w");

    /** Peers get a domain each, away from the server's and from those that processes without one are given. */
    private static final int FIRST_DOMAIN = 1000;

    private final Path root;
    private final Effort effort;
    private final @Nullable Boolean pinning;
    private final OptionalLong soakNanos;
    private final Path log;
    private final int[] processors = ProcessorAffinity.available();
    private final Path directory;
    private final ConcurrentLinkedQueue<Process> processes = new ConcurrentLinkedQueue<>();
    private final Thread hook = new Thread(this::end, "end the peers");
    private final List<String> skipped = new ArrayList<>();
    private volatile @Nullable NetworkBridge bridge;
    private boolean bridgeTried;
    private boolean pinned;
    private int peers;

    // What is open for the present placement; others' experiments find it warm.
    private final Map<String, Link> links = new LinkedHashMap<>();
    private final Map<String, Accelerator> accelerators = new LinkedHashMap<>();
    private final Map<String, Accelerator> nettyAccelerators = new LinkedHashMap<>();
    private final Map<String, String> nettyAddresses = new LinkedHashMap<>();
    private String v4vAddress = "";
    private @Nullable JCudaProcess jcuda;

    /**
     * @param root the project's directory
     * @param pinning whether to bind the calling thread to one processor and the processes on the other side to another, as two virtual
     *     machines with a processor each would run; null leaves that to each experiment
     * @param soakNanos how long a soak lasts, if somebody has said it
     * @param log where the other processes' logs go
     */
    Laboratory(Path root, Effort effort, @Nullable Boolean pinning, OptionalLong soakNanos, Path log)
            throws IOException {
        this.root = root;
        this.effort = effort;
        this.pinning = pinning;
        this.soakNanos = soakNanos;
        this.log = log;
        String fabric = System.getenv(FABRIC_VARIABLE);
        directory = fabric == null
                ? Files.createTempDirectory("v4vgpu-bench-")
                : Files.createTempDirectory(Path.of(fabric).toAbsolutePath().getParent(), "v4vgpu-bench-");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    Effort effort() {
        return effort;
    }

    /** How long a soak is to last, if somebody has said it. */
    OptionalLong soakNanos() {
        return soakNanos;
    }

    Path root() {
        return root;
    }

    /** What was left out, and why, a line each. */
    List<String> skipped() {
        return List.copyOf(skipped);
    }

    /** Places the calling thread, and the processes that will be started, for an experiment. */
    void place(Experiment experiment) {
        boolean wanted = (pinning == null ? experiment.isBetterPinned() : pinning) && processors.length > 1;
        if (wanted != pinned) {
            endProcesses();
        }
        pinned = wanted;
        if (pinned) {
            ProcessorAffinity.bind(processors[0]);
        } else {
            ProcessorAffinity.bind(processors);
        }
    }

    /** Those of the transports that this machine and this user can have. */
    List<Transport> available(Collection<Transport> wanted) {
        List<Transport> available = new ArrayList<>(wanted);
        if (bridge() == null) {
            available.removeIf(Transport::isBridged);
        }
        return available;
    }

    /** A link over every transport that can be had to a peer of its own, for the calling thread, until something else is wanted. */
    Map<String, Link> links() throws IOException {
        if (links.isEmpty()) {
            endProcesses();
            for (Map.Entry<Transport, List<String>> peer :
                    peers(available(List.of(Transport.values())), 1).entrySet()) {
                Transport transport = peer.getKey();
                links.put(transport.label(), connect(transport, peer.getValue().getFirst()));
            }
        }
        return Collections.unmodifiableMap(links);
    }

    /** Starts a peer for each transport and gives its addresses, one for each pair. */
    Map<Transport, List<String>> peers(Collection<Transport> transports, int pairs) throws IOException {
        Map<Transport, Process> started = new LinkedHashMap<>();
        for (Transport transport : transports) {
            started.put(transport, startPeer(transport, pairs));
        }
        Map<Transport, List<String>> addresses = new LinkedHashMap<>();
        for (Map.Entry<Transport, Process> peer : started.entrySet()) {
            addresses.put(peer.getKey(), addresses(peer.getValue(), pairs));
        }
        return addresses;
    }

    /** Connects to a peer. The link is confined to the calling thread. */
    Link connect(Transport transport, String address) throws IOException {
        NetworkBridge between = bridge;
        return transport.isBridged() && between != null
                ? between.near(() -> transport.connect(address))
                : transport.connect(address);
    }

    /**
     * The device of a server for each of {@code v4v}, {@code tcp-channel} and, where that can be had, {@code tcp-bridge-channel}, and in
     * this process as {@code local}; for the calling thread, until something else is wanted.
     */
    Map<String, Accelerator> accelerators() throws IOException {
        if (accelerators.isEmpty()) {
            endProcesses();
            connectToServers();
            accelerators.put("local", new LocalAccelerator());
        }
        return Collections.unmodifiableMap(accelerators);
    }

    /** As {@link #accelerators}, and over {@code v4v-netty} and {@code tcp-netty}: the same calls through one more stack. */
    Map<String, Accelerator> acceleratorsByStack() throws IOException {
        Map<String, Accelerator> all = new LinkedHashMap<>(accelerators());
        if (nettyAccelerators.isEmpty()) {
            for (Map.Entry<String, String> address : nettyAddresses.entrySet()) {
                nettyAccelerators.put(address.getKey(), RemoteAccelerator.connect(address.getValue()));
            }
        }
        all.putAll(nettyAccelerators);
        return all;
    }

    /**
     * OpenCL on a CPU, in a process of its own.
     *
     * @throws IOException if there is none, with the reason
     */
    OpenClProcess openCl() throws IOException {
        Process process = start(
                List.of(),
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        OpenClWorker.class.getName()));
        return new OpenClProcess(process, directory);
    }

    /**
     * A JCuda program, in a process of its own.
     *
     * @param address of its server
     * @throws IOException if there is no JCuda to run it with, with the reason
     */
    JCudaProcess jcuda(String address) throws IOException {
        return new JCudaProcess(start(List.of(), JCudaProcess.command(root, address)));
    }

    /** As {@link #jcuda(String)}, on the server of {@link #accelerators} over V4V, until something else is wanted. */
    JCudaProcess jcuda() throws IOException {
        JCudaProcess open = jcuda;
        if (open == null) {
            accelerators();
            open = jcuda(v4vAddress);
            jcuda = open;
        }
        return open;
    }

    /**
     * Something is left out.
     *
     * @param reason a line that says what, and why
     */
    void skip(String reason) {
        skipped.add(reason);
    }

    private void connectToServers() throws IOException {
        NetworkBridge between = bridge();
        Map<String, Server> near = servers();
        Process far =
                between == null ? null : start(between.far(), serverCommand("tcp://" + between.farAddress() + ":0"));
        v4vAddress = Objects.requireNonNull(near.get("v4v")).address("v4v");
        near.forEach((transport, server) -> {
            accelerators.put(transport, RemoteAccelerator.connect(server.address(transport)));
            String netty = transport.replace("-channel", "") + "-netty";
            nettyAddresses.put(netty, server.address(netty));
        });
        if (between != null && far != null) {
            String address = addresses(far, 1).getFirst();
            accelerators.put("tcp-bridge-channel", between.near(() -> RemoteAccelerator.connect(address)));
        }
    }

    /** A server process. */
    static final class Server {
        private final Process process;
        private final Map<String, String> addresses = new LinkedHashMap<>();

        private Server(Process process) {
            this.process = process;
        }

        /** How it can be reached over that transport. */
        String address(String transport) {
            return Objects.requireNonNull(addresses.get(transport), transport);
        }

        long pid() {
            return process.pid();
        }

        /** The physical memory that it has now. Source: proc_pid_status(5). */
        long residentBytes() throws IOException {
            try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
                return lines.filter(line -> line.startsWith("VmRSS:"))
                        .map(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                        .findFirst()
                        .orElse(0L);
            }
        }
    }

    /** A server for each transport, {@code v4v} and {@code tcp-channel}; they end with all other processes. */
    Map<String, Server> servers() throws IOException {
        Map<String, Server> servers = new LinkedHashMap<>();
        servers.put("v4v", new Server(start(List.of(), serverCommand("v4v://1:4840", "v4v+netty://1:4841"))));
        servers.put(
                "tcp-channel",
                new Server(start(List.of(), serverCommand("tcp://127.0.0.1:0", "tcp+netty://127.0.0.1:0"))));
        for (Server server : servers.values()) {
            for (String address : addresses(server.process, 2)) {
                String scheme = address.substring(0, address.indexOf(':'));
                server.addresses.put(scheme.equals("tcp") ? "tcp-channel" : scheme.replace('+', '-'), address);
            }
        }
        return servers;
    }

    /** The compilers of this process and of all that were started. */
    Compilers compilers() {
        return new Compilers(Stream.concat(
                        Stream.of(ProcessHandle.current()), processes.stream().map(Process::toHandle))
                .toList());
    }

    /** Closes what is open and ends all processes; further ones can be started. */
    void endProcesses() {
        for (Link link : links.values()) {
            try {
                link.close();
            } catch (IOException e) {
                // Its peer is gone already.
            }
        }
        links.clear();
        accelerators.values().forEach(Accelerator::close);
        accelerators.clear();
        nettyAccelerators.values().forEach(Accelerator::close);
        nettyAccelerators.clear();
        nettyAddresses.clear();
        jcuda = null;
        killProcesses();
    }

    private void killProcesses() {
        processes.forEach(Process::destroy);
        for (Process process = processes.poll(); process != null; process = processes.poll()) {
            ChildProcess.end(process);
        }
    }

    @Override
    public void close() {
        endProcesses();
        end();
        Runtime.getRuntime().removeShutdownHook(hook);
    }

    private void end() {
        killProcesses();
        NetworkBridge between = bridge;
        if (between != null) {
            between.close();
        }
        remove(directory);
        removeFabric();
    }

    private @Nullable NetworkBridge bridge() {
        if (!bridgeTried) {
            bridgeTried = true;
            try {
                bridge = NetworkBridge.open();
            } catch (IOException e) {
                skipped.add("tcp-bridge, tcp-bridge-channel: " + e.getMessage());
            }
        }
        return bridge;
    }

    private Process startPeer(Transport transport, int pairs) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED", // Aeron
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Peer.class.getName(),
                transport.label()));
        NetworkBridge between = bridge;
        List<String> prefix = List.of();
        switch (transport) {
            case V4V, V4V_NETTY -> command.add(Integer.toString(FIRST_DOMAIN + peers++));
            case TCP, TCP_CHANNEL, TCP_NETTY -> command.add("127.0.0.1");
            case UDS, AERON ->
                command.add(
                        Files.createTempDirectory(directory, transport.label()).toString());
            case TCP_BRIDGE -> {
                if (between == null) {
                    throw new IllegalStateException("there is no bridge");
                }
                prefix = between.far();
                command.add(between.farAddress());
            }
        }
        command.add(Integer.toString(pairs));
        return start(prefix, command);
    }

    private List<String> serverCommand(String... addresses) {
        List<String> command = new ArrayList<>(
                List.of(root.resolve("gpu-server").resolve("run").toString(), "--until-input-ends"));
        for (String address : addresses) {
            command.addAll(List.of("--listen", address));
        }
        return command;
    }

    private Process start(List<String> prefix, List<String> command) throws IOException {
        List<String> started = new ArrayList<>(prefix);
        if (pinned) {
            started.addAll(List.of("taskset", "-c", Integer.toString(processors[processors.length - 1])));
        }
        started.addAll(command);
        Process process = ChildProcess.start(started, log);
        processes.add(process);
        return process;
    }

    /** Reads the addresses that a process prints when it listens, and leaves the rest of its output to a thread. */
    private static List<String> addresses(Process process, int count) throws IOException {
        BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
        List<String> addresses = new ArrayList<>();
        while (addresses.size() < count) {
            String line = lines.readLine();
            if (line == null) {
                throw new IOException("a process ended before it listened: "
                        + process.info().commandLine().orElse("no longer known"));
            }
            Matcher matcher = ADDRESS.matcher(line);
            if (matcher.find()) {
                addresses.add(matcher.group());
            }
        }
        Thread.ofVirtual().start(() -> lines.lines().forEach(_ -> {}));
        return addresses;
    }

    /** Removes the fabric that the launcher made; also where no experiment ran. */
    static void removeFabric() {
        String fabric = System.getenv(FABRIC_VARIABLE);
        if (fabric != null && System.getProperty("v4vgpu.bench.fabric", "").equals(fabric)) { // made by our launcher
            remove(Path.of(fabric));
        }
    }

    private static void remove(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            // Gone already.
        }
    }
}
