package org.v4vgpu.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.MessageChannels;

/**
 * Where experiments run: starts the processes on the other side, on a fabric of their own, and ends them all when it is closed
 * or the JVM ends. One thread uses it; {@link #close()} is safe for any thread.
 */
final class Laboratory implements AutoCloseable {
    /** Set by the launcher to what the environment says: this JVM's own V4V domain needs the same. */
    static final String FABRIC_VARIABLE = "V4VGPU_FABRIC";

    private static final Pattern ADDRESS = Pattern.compile("\\b(?:v4v|tcp)://\\S+\\d");
    private static final long END_SECONDS = 3;

    /** Peers get a domain each, away from the server's and from those that processes without one are given. */
    private static final int FIRST_DOMAIN = 1000;

    private final Path root;
    private final boolean quick;
    private final boolean pinned;
    private final ConcurrentLinkedQueue<Process> processes = new ConcurrentLinkedQueue<>();
    private final Thread hook = new Thread(this::end, "end the peers");
    private final int peerProcessor;
    private int peers;

    /**
     * @param root the project's directory
     * @param quick fewer sizes and repetitions
     * @param pinned bind the calling thread to one processor and the processes on the other side to another, as two virtual
     *     machines with a processor each would run; otherwise the kernel places them, on one processor if it likes
     */
    Laboratory(Path root, boolean quick, boolean pinned) {
        this.root = root;
        this.quick = quick;
        this.pinned = pinned;
        int[] processors = ProcessorAffinity.available();
        peerProcessor = processors[processors.length - 1];
        if (pinned) {
            ProcessorAffinity.pin(processors[0]);
        }
        Runtime.getRuntime().addShutdownHook(hook);
    }

    boolean isQuick() {
        return quick;
    }

    /** Links to a peer each, by transport: {@code v4v} and the three of TCP. The caller closes them. */
    Map<String, Link> links() throws IOException {
        int domain = FIRST_DOMAIN + peers++;
        Map<String, Link> links = new LinkedHashMap<>();
        links.put("v4v", channel("v4v://" + domain + ":1"));
        links.put("tcp-channel", channel("tcp://127.0.0.1:0"));
        links.put("tcp-netty", NettyLink.connect(listening(startPeer("netty"))));
        links.put("tcp", SocketLink.connect(listening(startPeer("socket"))));
        return links;
    }

    /** Starts a server and gives its addresses by transport: {@code v4v} and {@code tcp}. */
    Map<String, String> server() throws IOException {
        Process server = start(List.of(
                root.resolve("gpu-server").resolve("run").toString(),
                "--until-input-ends",
                "--listen",
                "v4v://1:4840",
                "--listen",
                "tcp://127.0.0.1:0"));
        Map<String, String> addresses = new LinkedHashMap<>();
        for (String address : addresses(server, 2)) {
            addresses.put(address.startsWith("v4v") ? "v4v" : "tcp", address);
        }
        return addresses;
    }

    /** The compilers of this process and of all that were started. */
    Compilers compilers() {
        return new Compilers(Stream.concat(
                        Stream.of(ProcessHandle.current()), processes.stream().map(Process::toHandle))
                .toList());
    }

    /** Ends all processes; further ones can be started. */
    void endProcesses() {
        processes.forEach(Process::destroy);
        for (Process process = processes.poll(); process != null; process = processes.poll()) {
            try {
                if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        end();
        Runtime.getRuntime().removeShutdownHook(hook);
    }

    private void end() {
        endProcesses();
        removeFabric();
    }

    private Link channel(String listen) throws IOException {
        String address = addresses(startPeer("channel", listen), 1).getFirst();
        return new ChannelLink(MessageChannels.connect(ChannelAddress.parse(address)));
    }

    private static InetSocketAddress listening(Process peer) throws IOException {
        URI address = URI.create(addresses(peer, 1).getFirst());
        return new InetSocketAddress(address.getHost(), address.getPort());
    }

    private Process startPeer(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                Peer.class.getName()));
        command.addAll(List.of(arguments));
        return start(command);
    }

    private Process start(List<String> command) throws IOException {
        List<String> started = new ArrayList<>();
        if (pinned) {
            started.addAll(List.of("taskset", "-c", Integer.toString(peerProcessor)));
        }
        started.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(started).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().remove("V4VGPU_DOMAIN");
        Process process = builder.start();
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
                        + process.info().commandLine().orElse("no longer known") + "; its errors stand above");
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
        if (fabric == null || !System.getProperty("v4vgpu.bench.fabric", "").equals(fabric)) {
            return; // not made by our launcher
        }
        try (Stream<Path> files = Files.walk(Path.of(fabric))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            // Gone already.
        }
    }
}
