package org.v4vgpu.stencil;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server of our own, on a fabric and a TCP port of its own, so that demos beside each other don't meet. Closing it stops the
 * server and removes the fabric; so does the end of this JVM. One thread uses it.
 */
final class ServerProcess implements AutoCloseable {
    private static final Pattern ADDRESS = Pattern.compile("\\b(?:v4v|tcp)://\\S+\\d");
    private static final List<String> LISTEN = List.of("v4v://1:4840", "tcp://127.0.0.1:0");
    private static final long READY_SECONDS = 60;
    private static final long END_MILLIS = 500;

    private final OwnFabric fabric;
    private final ChildProcess process;
    private final List<String> addresses = new ArrayList<>();
    private final Thread hook;

    private ServerProcess(Path root, boolean debug) throws IOException {
        fabric = OwnFabric.create();
        List<String> command = new ArrayList<>();
        command.add(root.resolve("gpu-server").resolve("run").toString());
        command.add("--until-input-ends"); // If this JVM is killed, its pipe to the server ends.
        for (String address : LISTEN) {
            command.addAll(List.of("--listen", address));
        }
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeAll(Set.of("V4VGPU_DOMAIN", "V4VGPU_JAVA_OPTIONS"));
        enter(builder);
        try {
            process = ChildProcess.start(builder, debug);
        } catch (IOException e) {
            fabric.close();
            throw e;
        }
        hook = new Thread(this::end, "remove the fabric");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /**
     * Starts a server and waits until it listens.
     *
     * @param root the project's directory, with the server's launcher
     * @throws DemoException with exit code 3 if it does not come up
     */
    static ServerProcess start(Path root, boolean debug) throws DemoException, InterruptedException {
        ServerProcess server;
        try {
            server = new ServerProcess(root, debug);
        } catch (IOException e) {
            throw new DemoException(DemoException.UNREACHABLE, "cannot start a server: " + e.getMessage(), e);
        }
        try {
            server.awaitAddresses();
            return server;
        } catch (DemoException | InterruptedException e) {
            server.close();
            throw e;
        }
    }

    /** Where it listens, V4V first. */
    List<String> addresses() {
        return addresses;
    }

    /** Puts a process that is to be started on this server's fabric. */
    void enter(ProcessBuilder client) {
        client.environment()
                .keySet()
                .removeAll(Set.of("V4VGPU_WAIT", "V4VGPU_IVSHMEM", "V4VGPU_HYPERVISOR")); // other waits, other fabrics'
        client.environment().put("V4VGPU_FABRIC", fabric.toString());
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Whether the server is what failed a program. The program's connection can end before this JVM hears of the server's end. */
    boolean isEnding() throws InterruptedException {
        return process.endsWithin(END_MILLIS);
    }

    /** How it ended; only after it did. */
    DemoException ended(String during) throws InterruptedException {
        String error = process.lastError();
        return DemoException.ofEnd(
                process.exitCode(),
                DemoException.UNREACHABLE,
                "the server ended (exit code %d) while %s%s; run again, --debug shows its log"
                        .formatted(process.exitCode(), during, error.isEmpty() ? "" : ", its last words: " + error));
    }

    @Override
    public void close() {
        end();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is ending: the hook runs or has run.
        }
    }

    private void end() {
        process.close();
        fabric.close();
    }

    private void awaitAddresses() throws DemoException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS);
        while (addresses.size() < LISTEN.size()) {
            long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            ChildProcess.Line line = process.poll(Math.max(millis, 0));
            if (line == null) {
                throw new DemoException(
                        DemoException.UNREACHABLE,
                        "the server was not ready after " + READY_SECONDS + " s; try --debug");
            }
            if (line.isEnd()) {
                throw ended("it started");
            }
            Matcher matcher = ADDRESS.matcher(line.text());
            if (matcher.find()) {
                addresses.add(matcher.group());
            }
        }
        addresses.sort(Comparator.comparing(address -> !address.startsWith("v4v")));
    }
}
