package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.device.Kernels;
import org.v4vgpu.device.cuda.StandIn;
import org.v4vgpu.proto.BlasOpenRequest;
import org.v4vgpu.proto.BlasOperation;
import org.v4vgpu.proto.BlasReduceRequest;
import org.v4vgpu.proto.BlasRoutine;
import org.v4vgpu.proto.Call;
import org.v4vgpu.server.ServerCommand;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.MessageChannels;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** A server with {@code --device cuda} as a process, on the stand-in driver. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class CudaServerTest {
    private static final int BYTES = 3_000_001;

    @TempDir
    private static Path directory;

    private static Path library = Path.of("");

    @BeforeAll
    static void build() throws IOException, InterruptedException {
        library = StandIn.build(directory);
        StandIn.buildBlas(library);
    }

    @Test
    void servesOverV4vAndTcpAndEndsWithAFault() throws Exception {
        Process server = start(
                library,
                "--listen",
                "v4v://1:4840",
                "--listen",
                "tcp://127.0.0.1:0",
                "--cublas",
                library.resolveSibling("libcublas.so.12").toString());
        try {
            assertEquals("listening on v4v://1:4840", server.inputReader().readLine());
            String tcp = String.valueOf(server.inputReader().readLine()).substring("listening on ".length());
            try (SharedMemoryHypervisor domain =
                            SharedMemoryHypervisor.open(Fabric.of(directory), V4vAddress.DOMAIN_ANY);
                    TestClient gpu =
                            TestClient.open(V4vConnections.connect(domain, new V4vAddress(1, 4840), 10_000_000_000L))) {
                bringsBackWhatItTook(gpu);
            }
            try (TestClient gpu = TestClient.open(MessageChannels.connect(ChannelAddress.parse(tcp)))) {
                bringsBackWhatItTook(gpu);
                long context = gpu.createContext();
                assertEquals(10, sumOfOneToFour(gpu, context));
                breakWithStore(gpu, context);
                assertEquals(700, ServerClients.synchronize(gpu, context));
                assertTrue(server.waitFor(10, TimeUnit.SECONDS), "the server lives on");
                assertThrows(IOException.class, () -> ServerClients.synchronize(gpu, context));
            }
            assertEquals(4, server.exitValue());
            String words = new String(server.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(words.contains("a kernel has broken the GPU for this process"), words);
        } finally {
            server.destroyForcibly();
        }
    }

    /** The driver registers the lane's two rings and nothing else: a buffer would be the third. */
    @Test
    void copiesOverV4vStraightFromAndToTheRings() throws Exception {
        ProcessBuilder builder = builder(library, "--listen", "v4v://2:4840");
        builder.environment().put("STANDIN_FAIL", "cuMemHostRegister_v2=304@3");
        Process server = builder.start();
        try {
            assertEquals("listening on v4v://2:4840", server.inputReader().readLine());
            try (SharedMemoryHypervisor domain =
                            SharedMemoryHypervisor.open(Fabric.of(directory), V4vAddress.DOMAIN_ANY);
                    TestClient gpu =
                            TestClient.open(V4vConnections.connect(domain, new V4vAddress(2, 4840), 10_000_000_000L))) {
                bringsBackWhatItTook(gpu);
            }
        } finally {
            server.destroyForcibly();
        }
    }

    private static void bringsBackWhatItTook(TestClient gpu) throws IOException {
        long context = gpu.createContext();
        long address = gpu.allocate(context, BYTES);
        byte[] bytes = new byte[BYTES];
        new Random(3).nextBytes(bytes);
        gpu.write(context, 0, address, bytes);
        assertArrayEquals(bytes, gpu.read(context, address, BYTES));
    }

    /** By cuBLAS, or what stands for it. */
    private static double sumOfOneToFour(TestClient gpu, long context) throws IOException {
        assertEquals(
                120_605,
                gpu.call(
                                Call.BLAS_OPEN,
                                BlasOpenRequest.newBuilder().setContext(context).build())
                        .message()
                        .getVersion());
        long numbers = gpu.allocate(context, 16);
        gpu.write(
                context,
                0,
                numbers,
                ByteBuffer.allocate(16)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putFloat(1)
                        .putFloat(-2)
                        .putFloat(3)
                        .putFloat(-4)
                        .array());
        BlasOperation sum = BlasOperation.newBuilder()
                .setContext(context)
                .setRoutine(BlasRoutine.BLAS_ASUM)
                .setN(4)
                .setA(numbers)
                .setStepA(1)
                .build();
        return gpu.call(
                        Call.BLAS_REDUCE,
                        BlasReduceRequest.newBuilder().setOperation(sum).build())
                .message()
                .getResult();
    }

    private static void breakWithStore(TestClient gpu, long context) throws IOException {
        long module =
                TestKernels.load(gpu, context, Kernels.STORE, 1000).message().getModule();
        long function = TestKernels.function(gpu, module, "store").getFunction();
        MemorySegment parameters = MemorySegment.ofArray(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(64)
                .array());
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, function, 1, 1), parameters);
    }

    @Test
    void saysWhyItHasNoGpu() throws Exception {
        Process server = start(directory.resolve("libnowhere.so"), "--listen", "tcp://127.0.0.1:0");
        String words = new String(server.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(ServerCommand.UNREACHABLE, server.waitFor());
        assertEquals(1, words.lines().count(), words);
        assertTrue(words.startsWith("gpu-server/run: there is no NVIDIA driver to load"), words);
    }

    private static Process start(Path driver, String... arguments) throws IOException {
        return builder(driver, arguments).start();
    }

    private static ProcessBuilder builder(Path driver, String... arguments) {
        List<String> command = StandIn.command(driver, ServerCommand.class.getName(), "--device", "cuda");
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("V4VGPU_FABRIC", directory.toString());
        return builder;
    }
}
