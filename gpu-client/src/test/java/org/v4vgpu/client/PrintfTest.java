package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CtxSynchronizeRequest;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.PrintfReadReply;

/** printf of kernels: it is there when the call that waits for the kernel returns. */
@Timeout(60)
@ParameterizedClass
@ValueSource(strings = {"v4v", "tcp"})
final class PrintfTest {
    private static final Path PTX = Path.of("..", "gpu-server", "src", "test", "resources", "ptx", "printing.ptx");
    private static final Dim3 ONE = Dim3.of(1);

    private final String transport;
    private final StringBuilder output = new StringBuilder();

    PrintfTest(String transport) {
        this.transport = transport;
    }

    @Test
    void isThereWhenAWaitingCallReturns() throws IOException {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = connect(server, false);
                RemoteContext context = gpu.device(0).createContext();
                DeviceMemory memory = context.allocate(4)) {
            RemoteFunction lines = context.loadModule(PTX).function("lines");
            lines.launch(ONE, ONE, 0, 2);
            context.synchronize();
            assertEquals(lines(0, 2), output.toString());
            lines.launch(ONE, ONE, 2, 1);
            context.defaultStream().synchronize();
            assertEquals(lines(0, 3), output.toString());
            lines.launch(ONE, ONE, 3, 1);
            memory.copyTo(new byte[4]);
            assertEquals(lines(0, 4), output.toString());
            lines.launch(ONE, ONE, 4, 10_000);
            RemoteEvent event = context.createEvent();
            event.record();
            event.synchronize();
            assertEquals(lines(0, 10_004), output.toString());
            lines.launch(ONE, ONE, 10_004, 1);
        }
        assertEquals(lines(0, 10_005), output.toString());
    }

    @Test
    void textThatIsNotAsciiArrivesAsItWasMeant() throws IOException {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = connect(server, false);
                RemoteContext context = gpu.device(0).createContext()) {
            context.loadModule(PTX).function("greets").launch(ONE, ONE, 8);
            context.synchronize();
            assertEquals("gr\u00fc\u00dfe 8\n", output.toString());
        }
    }

    @Test
    void aBlockingLaunchPrintsBeforeItReturns() throws IOException {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = connect(server, true);
                RemoteContext context = gpu.device(0).createContext()) {
            context.loadModule(PTX).function("lines").launch(ONE, ONE, 0, 1);
            assertEquals("line 0\n", output.toString());
        }
    }

    @Test
    void isThereWhenTheKernelFails() throws IOException {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = connect(server, false)) {
            RemoteContext context = gpu.device(0).createContext();
            context.loadModule(PTX).function("fails").launch(ONE, ONE, 3);
            assertThrows(CudaException.class, context::synchronize);
            assertEquals("line 3\n", output.toString());
        }
    }

    /** With one lane for all threads, which wait by queries. */
    @Test
    void threadsThatShareALaneGetItToo() throws IOException, InterruptedException {
        try (TestServer server = TestServer.on(transport, 1);
                RemoteGpu gpu = connect(server, false);
                RemoteContext context = gpu.device(0).createContext()) {
            RemoteFunction lines = context.loadModule(PTX).function("lines");
            Thread thread = Thread.ofVirtual().start(() -> {
                lines.launch(ONE, ONE, 0, 5);
                context.synchronize();
            });
            thread.join();
            assertEquals(lines(0, 5), output.toString());
        }
    }

    @Test
    void aSinkThatFailsCostsTheTextOnly() throws IOException {
        Appendable failing = new Appendable() {
            @Override
            public Appendable append(CharSequence text) throws IOException {
                throw new IOException("a sink that fails, as the test wants");
            }

            @Override
            public Appendable append(CharSequence text, int start, int end) throws IOException {
                return append(text);
            }

            @Override
            public Appendable append(char character) throws IOException {
                return append("");
            }
        };
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = RemoteGpu.connect(
                        server.address(), RemoteGpuOptions.defaults().withOutput(failing));
                RemoteContext context = gpu.device(0).createContext()) {
            RemoteFunction lines = context.loadModule(PTX).function("lines");
            lines.launch(ONE, ONE, 0, 5);
            context.synchronize();
            lines.launch(ONE, ONE, 0, 5);
            context.synchronize();
        }
    }

    /** A server that always has more, and says of every reply that there is some. */
    @Test
    void aServerWithoutAnEndIsCutOff() throws IOException {
        ByteString text = ByteString.copyFrom(new byte[60_000]);
        AtomicInteger reads = new AtomicInteger();
        long[] taken = {0};
        Appendable counter = new StringCounter(taken);
        try (ScriptedServer server = new ScriptedServer((peer, call) -> {
                    if (call.number() == Call.PRINTF_READ.number()) {
                        reads.incrementAndGet();
                    }
                    peer.send(peer.encoder()
                            .reply(
                                    call.number(),
                                    CallDescriptor.LAST | CallDescriptor.PRINTED,
                                    CudaStatus.SUCCESS,
                                    call.sequence(),
                                    0,
                                    call.number() == Call.PRINTF_READ.number()
                                            ? PrintfReadReply.newBuilder()
                                                    .setText(text)
                                                    .setMore(true)
                                                    .build()
                                            : null));
                });
                GpuSession session = GpuSession.open(server.address(), false, new KernelOutput(counter))) {
            session.lane().call(Call.CTX_SYNCHRONIZE, CtxSynchronizeRequest.getDefaultInstance());
            assertEquals(reads.get() * 60_000L, taken[0]);
            assertTrue(taken[0] >= Limits.MAXIMUM_PRINTF_BYTES && taken[0] < Limits.MAXIMUM_PRINTF_BYTES + 60_000);
        }
    }

    private RemoteGpu connect(TestServer server, boolean blocking) {
        return RemoteGpu.connect(server.address(), new RemoteGpuOptions(blocking, output));
    }

    private static String lines(int first, int count) {
        return IntStream.range(first, first + count)
                .mapToObj(i -> "line " + i + "\n")
                .collect(Collectors.joining());
    }

    /** Counts characters and keeps none. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record StringCounter(long[] characters) implements Appendable {
        @Override
        public Appendable append(CharSequence text) {
            return append(text, 0, text.length());
        }

        @Override
        public Appendable append(CharSequence text, int start, int end) {
            characters[0] += end - start;
            return this;
        }

        @Override
        public Appendable append(char character) {
            characters[0]++;
            return this;
        }
    }
}
