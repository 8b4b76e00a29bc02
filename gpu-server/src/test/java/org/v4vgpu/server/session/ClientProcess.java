package org.v4vgpu.server.session;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CtxSynchronizeRequest;
import org.v4vgpu.proto.MemcpyWindowRequest;
import org.v4vgpu.proto.WindowOpenRequest;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.MessageChannels;
import org.v4vgpu.v4v.Window;

/** A client in a JVM of its own, to be killed. */
final class ClientProcess implements AutoCloseable {
    /** What it allocates. */
    static final int BYTES = 16 << 20;

    private final Process process;

    private ClientProcess(Process process) {
        this.process = process;
    }

    /**
     * Starts a client, which prints {@code ready} when it does what its role says.
     *
     * @param role {@code idle}; {@code copies}: copies to the device without end; {@code waits}: one lane's copy stops after its
     *     first chunk, another lane waits for it; {@code kernel}: waits for an endless kernel; {@code full}: fills a stream behind
     *     one; {@code sends}: copies behind one, until nobody takes more; {@code window}: copies from a window without end
     */
    static ClientProcess start(String role, String address, Path fabric) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                ClientProcess.class.getName(),
                role,
                address);
        builder.environment().put("V4VGPU_FABRIC", fabric.toString());
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        return new ClientProcess(builder.start());
    }

    String readLine() throws IOException {
        return String.valueOf(process.inputReader().readLine());
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

    @SuppressWarnings("SystemOut") // it is how the parent learns that the client is ready
    public static void main(String[] arguments) throws IOException {
        ChannelAddress address = ChannelAddress.parse(arguments[1]);
        TestClient gpu = TestClient.open(MessageChannels.connect(address));
        long context = gpu.createContext();
        long memory = gpu.allocate(context, BYTES);
        switch (arguments[0]) {
            case "idle" -> {
                System.out.println("ready");
                gpu.channel.receive().close();
            }
            case "copies" -> {
                byte[] bytes = new byte[BYTES];
                gpu.write(context, 0, memory, bytes);
                System.out.println("ready");
                while (true) {
                    gpu.write(context, 0, memory, bytes);
                }
            }
            case "waits" -> {
                TestClient second = gpu.join(MessageChannels.connect(address));
                gpu.channel.send(
                        gpu.encoder()
                                .request(
                                        Call.MEMCPY_HTOD,
                                        0,
                                        gpu.sequence.incrementAndGet(),
                                        BYTES,
                                        TestClient.toDevice(context, 0, memory)),
                        MemorySegment.ofArray(new byte[1000]));
                second.send(
                        Call.CTX_SYNCHRONIZE,
                        CallDescriptor.WAITS,
                        CtxSynchronizeRequest.newBuilder().setContext(context).build(),
                        TestClient.NOTHING);
                System.out.println("ready");
                second.channel.receive().close();
            }
            case "kernel", "full" -> {
                long endless = TestKernels.function(gpu, TestKernels.load(gpu, context), "endless")
                        .getFunction();
                int launches = arguments[0].equals("full") ? 1200 : 1; // a stream takes 1024
                for (int i = 0; i < launches; i++) {
                    gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, endless, 1, 1), TestClient.NOTHING);
                }
                gpu.send(
                        Call.CTX_SYNCHRONIZE,
                        CallDescriptor.WAITS,
                        CtxSynchronizeRequest.newBuilder().setContext(context).build(),
                        TestClient.NOTHING);
                System.out.println("ready");
                gpu.channel.receive().close();
            }
            case "sends" -> {
                long endless = TestKernels.function(gpu, TestKernels.load(gpu, context), "endless")
                        .getFunction();
                gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, endless, 1, 1), TestClient.NOTHING);
                System.out.println("ready");
                byte[] bytes = new byte[BYTES];
                while (true) {
                    gpu.write(context, 0, memory, bytes);
                }
            }
            case "window" -> {
                Window window = gpu.channel.windowPartner().orElseThrow().share(1 << 20);
                long handle = gpu.expect(
                                Call.WINDOW_OPEN,
                                WindowOpenRequest.newBuilder()
                                        .setName(window.name())
                                        .setBytes(1 << 20)
                                        .build())
                        .getWindow();
                System.out.println("ready");
                while (true) {
                    gpu.expect(
                            Call.MEMCPY_WINDOW,
                            MemcpyWindowRequest.newBuilder()
                                    .setContext(context)
                                    .setAddress(memory)
                                    .setWindow(handle)
                                    .setBytes(1 << 20)
                                    .setUntilDone(true)
                                    .build());
                }
            }
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }
}
