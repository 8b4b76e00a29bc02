package org.v4vgpu.client;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A server as a process of its own, on V4V in a fabric of its own and on TCP. */
final class ServerProcess implements AutoCloseable {
    private static final String LISTENING = "listening on ";

    private final Path fabric;
    private final Process process;
    private final List<String> addresses = new ArrayList<>();

    ServerProcess() throws IOException {
        this.fabric = Files.createTempDirectory("v4vgpu-fabric");
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                "org.v4vgpu.server.ServerCommand",
                "--device",
                "software",
                "--listen",
                "v4v://1:4840",
                "--listen",
                "tcp://127.0.0.1:0");
        builder.environment().put("V4VGPU_FABRIC", fabric.toString());
        builder.environment().put("V4VGPU_DOMAIN", "1");
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        this.process = builder.start();
        BufferedReader lines = process.inputReader();
        while (addresses.size() < 2) {
            String line = lines.readLine();
            if (line == null) {
                throw new IOException("the server ended before it was ready");
            }
            if (line.startsWith(LISTENING)) {
                addresses.add(line.substring(LISTENING.length()).strip().replaceFirst("\\s.*", ""));
            }
        }
    }

    /** The address on {@code v4v} or {@code tcp}. */
    String address(String transport) {
        return addresses.stream()
                .filter(each -> each.startsWith(transport + ":"))
                .findFirst()
                .orElseThrow();
    }

    /** Whether this machine has what it takes to compile programs; the server says so itself. */
    boolean hasCompiler() {
        try (RemoteGpu gpu = RemoteGpu.connect(address("tcp"), false)) {
            return !gpu.device(0).compiler().architectures().isEmpty();
        } catch (CudaException e) {
            return false;
        }
    }

    /** What a client of this server needs in its environment. */
    void prepare(ProcessBuilder client) {
        client.environment().put("V4VGPU_FABRIC", fabric.toString());
        client.environment().remove("V4VGPU_DOMAIN");
        client.environment().remove("V4VGPU_SERVER");
    }

    /** Kills it, as SIGKILL does. */
    void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        try (Stream<Path> files = Files.walk(fabric)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
    }
}
