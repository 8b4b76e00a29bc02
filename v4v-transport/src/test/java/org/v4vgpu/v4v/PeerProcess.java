package org.v4vgpu.v4v;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A peer in a JVM of its own, to be killed. */
final class PeerProcess implements AutoCloseable {
    static final int LAST_WORDS = 500;

    private final Process process;

    private PeerProcess(Process process) {
        this.process = process;
    }

    /**
     * Starts a peer.
     *
     * @param role {@code serve}: prints its address and accepts; {@code flood}: connects and sends without end; {@code sit}:
     *     connects and does nothing; {@code echo}: accepts and echoes; {@code say}: connects, sends {@value #LAST_WORDS} messages,
     *     closes and exits; {@code request}: asks for a connection, says so, and does not look at the answer
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
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
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

    /** SIGSTOP. Returns when all threads have stopped. */
    void stop() throws Exception {
        signal("-STOP");
        Path status = Path.of("/proc/" + process.pid() + "/status");
        while (!Files.readString(status).contains("State:\tT")) {
            Thread.onSpinWait();
        }
    }

    /** SIGCONT. */
    void resume() throws Exception {
        signal("-CONT");
    }

    private void signal(String name) throws Exception {
        int exit = new ProcessBuilder("kill", name, Long.toString(process.pid()))
                .start()
                .waitFor();
        if (exit != 0) {
            throw new IOException("kill " + name + " ended with " + exit);
        }
    }

    /** Waits for its end of its own. */
    int awaitExit() throws InterruptedException {
        return process.waitFor();
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
            case "say" -> {
                try (MessageChannel channel = MessageChannels.connect(address)) {
                    for (int i = 0; i < LAST_WORDS; i++) {
                        channel.send(MemorySegment.ofArray(new byte[] {(byte) i}), MemorySegment.ofArray(new byte[i]));
                    }
                }
            }
            case "request" -> request((V4vAddress) address);
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

    @SuppressWarnings("SystemOut") // it is how the parent learns it
    private static void request(V4vAddress address) throws IOException {
        V4vHypervisor hypervisor = LocalDomains.toConnect();
        ReceiveRing in = hypervisor.register(99, address.domain(), 4096);
        MemorySegment request = MemorySegment.ofBuffer(ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x4753_4d56)
                .putInt(1)
                .putInt(99)
                .putInt(0)
                .flip());
        hypervisor.sendv(in.address(), address, 0x5634_0001, List.of(request));
        System.out.println(hypervisor.domain());
        int end = System.in.read();
        throw new IOException("the test has ended: " + end);
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
