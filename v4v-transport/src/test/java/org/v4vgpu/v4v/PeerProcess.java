package org.v4vgpu.v4v;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A peer in a JVM of its own, to be killed. */
final class PeerProcess implements AutoCloseable {
    private final Process process;

    private PeerProcess(Process process) {
        this.process = process;
    }

    /**
     * Starts a peer.
     *
     * @param role {@code serve}: prints its address and accepts; {@code flood}: connects and sends without end; {@code sit}:
     *     connects and does nothing; {@code echo}: accepts and echoes
     */
    static PeerProcess start(String role, String address, Path fabric) throws IOException {
        return start(role, address, "V4VGPU_FABRIC", fabric);
    }

    /** Starts a peer whose domain is in a region. */
    static PeerProcess startInRegion(String role, String address, Path region) throws IOException {
        return start(role, address, "V4VGPU_IVSHMEM", region);
    }

    private static PeerProcess start(String role, String address, String variable, Path place) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                PeerProcess.class.getName(),
                role,
                address);
        builder.environment().put(variable, place.toString());
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        return new PeerProcess(builder.start());
    }

    String readLine() throws IOException {
        return process.inputReader().readLine();
    }

    /** SIGKILL. Returns when the process was told, not when it is dead. */
    void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() {
        kill();
        process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    }

    public static void main(String[] arguments) throws IOException {
        ChannelAddress address = ChannelAddress.parse(arguments[1]);
        switch (arguments[0]) {
            case "serve", "echo" -> serve(address, arguments[0].equals("echo"));
            case "flood" -> {
                MessageChannel channel = MessageChannels.connect(address);
                MemorySegment payload = MemorySegment.ofArray(new byte[channel.maximumPayloadBytes()]);
                while (true) {
                    channel.send(MemorySegment.ofArray(new byte[8]), payload);
                }
            }
            case "sit" -> {
                try (MessageChannel channel = MessageChannels.connect(address)) {
                    channel.receive().close();
                } catch (EOFException e) {
                    return;
                }
            }
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    @SuppressWarnings("SystemOut") // it is how the parent learns the address
    private static void serve(ChannelAddress address, boolean echo) throws IOException {
        try (MessageListener listener = MessageChannels.listen(address)) {
            System.out.println(listener.address());
            MessageChannel channel = listener.accept();
            System.out.println("accepted");
            while (true) {
                try (IncomingMessage message = channel.receive()) {
                    if (echo) {
                        channel.send(message.header());
                    }
                } catch (EOFException e) {
                    channel.close();
                    return;
                }
            }
        }
    }
}
