package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.nvrtc.CompilerChoice;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CallHeader;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.ProgramCompileReply;
import org.v4vgpu.proto.ProgramCompileRequest;
import org.v4vgpu.proto.ProgramCompilerReply;
import org.v4vgpu.proto.ProgramCompilerRequest;
import org.v4vgpu.proto.ProgramHeader;
import org.v4vgpu.server.session.TestClient.Reply;
import org.v4vgpu.v4v.IncomingMessage;

/** Programs that clients bring as source, over a channel whose messages are small. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class ProgramCallsTest {
    @Test
    void aServerWithoutACompilerSaysWhatToDo() throws IOException {
        for (CompilerChoice choice : List.of(CompilerChoice.NONE, CompilerChoice.parse("/nowhere/nvcc"))) {
            try (TestHost host = new TestHost(SessionLimits.DEFAULT, choice);
                    TestClient client = host.open()) {
                Reply<ProgramCompilerReply> info =
                        client.call(Call.PROGRAM_COMPILER, ProgramCompilerRequest.getDefaultInstance());
                assertEquals(CudaStatus.NOT_SUPPORTED.code(), info.status());
                assertTrue(info.text().contains("give it PTX"), info.text());
                Reply<ProgramCompileReply> compile = client.call(
                        Call.PROGRAM_COMPILE,
                        ProgramCompileRequest.newBuilder().setTextBytes(1).build(),
                        MemorySegment.ofArray(new byte[] {' '}));
                assertEquals(CudaStatus.NOT_SUPPORTED.code(), compile.status());
                client.goodbye();
            }
        }
    }

    @Test
    void lengthsThatLieAreRefused() throws IOException {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT, CompilerChoice.NONE);
                TestClient client = host.open()) {
            for (ProgramCompileRequest request : List.of(
                    ProgramCompileRequest.newBuilder().setTextBytes(11).build(),
                    ProgramCompileRequest.newBuilder().setTextBytes(9).build(),
                    ProgramCompileRequest.newBuilder().setTextBytes(-1).build(),
                    ProgramCompileRequest.newBuilder()
                            .setTextBytes(5)
                            .addHeaders(ProgramHeader.newBuilder().setName("a").setTextBytes(Integer.MAX_VALUE))
                            .build())) {
                assertEquals(
                        CudaStatus.INVALID_VALUE.code(),
                        client.call(Call.PROGRAM_COMPILE, request, MemorySegment.ofArray(new byte[10]))
                                .status());
            }
            assertEquals(
                    CudaStatus.INVALID_VALUE.code(),
                    client.call(
                                    Call.PROGRAM_COMPILE,
                                    ProgramCompileRequest.getDefaultInstance(),
                                    MemorySegment.ofArray(new byte[Limits.MAXIMUM_PROGRAM_BYTES + 1]))
                            .status());
            client.goodbye();
        }
    }

    @Test
    void compilesALongProgramIntoALongReply() throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            text.append("extern \"C\" __global__ void kernel%d(int *x) { x[threadIdx.x] += %d; }\n".formatted(i, i));
        }
        try (TestHost host = new TestHost(SessionLimits.DEFAULT, CompilerChoice.AUTO);
                TestClient client = host.open()) {
            assumeCompiler(client);
            byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            long number = client.send(
                    Call.PROGRAM_COMPILE,
                    CallDescriptor.WAITS,
                    ProgramCompileRequest.newBuilder()
                            .setName("kernels.cu")
                            .setTextBytes(bytes.length)
                            .build(),
                    MemorySegment.ofArray(bytes));
            ByteArrayOutputStream payload = new ByteArrayOutputStream();
            ProgramCompileReply reply = ProgramCompileReply.getDefaultInstance();
            for (boolean last = false; !last; ) {
                try (IncomingMessage message = client.channel.receive()) {
                    CallHeader header = CallHeader.decode(message.header());
                    assertEquals(number, header.sequence());
                    assertEquals(0, header.status());
                    if (payload.size() == 0) {
                        reply = header.parse(Call.PROGRAM_COMPILE.replies());
                    }
                    byte[] chunk = new byte[(int) message.payload().byteSize()];
                    message.payload().copyTo(MemorySegment.ofArray(chunk), 0);
                    payload.writeBytes(chunk);
                    last = header.isLast();
                }
            }
            assertEquals(0, reply.getResult(), payload.toString(StandardCharsets.UTF_8));
            assertEquals(reply.getPtxBytes() + reply.getLogBytes(), payload.size());
            assertTrue(payload.toString(StandardCharsets.UTF_8).contains(".visible .entry kernel49("));
            client.goodbye();
        }
    }

    @Test
    void theCompilerEndsWithItsClient() throws IOException {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT, CompilerChoice.AUTO)) {
            TestClient client = host.open();
            assumeCompiler(client);
            long before = compilers();
            // An evaluation that takes far longer than the compiler's own limits.
            byte[] text = """
                    constexpr long slow(long n) { long s = 0; for (long i = 0; i < n; i++) { s += i ^ (s << 1); } return s; }
                    template <int N> struct Many { static constexpr long value = slow(30000 + N) + Many<N - 1>::value; };
                    template <> struct Many<0> { static constexpr long value = 0; };
                    __device__ long x = Many<800>::value;
                    """.getBytes(StandardCharsets.UTF_8);
            client.send(
                    Call.PROGRAM_COMPILE,
                    CallDescriptor.WAITS,
                    ProgramCompileRequest.newBuilder().setTextBytes(text.length).build(),
                    MemorySegment.ofArray(text));
            while (compilers() == before) {
                Thread.onSpinWait();
            }
            client.close();
            assertTrue(host.awaitNoSession() < 1000);
            while (compilers() > before) {
                Thread.onSpinWait();
            }
        }
    }

    private static long compilers() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info().command().orElse("").endsWith("unshare"))
                .count();
    }

    private static void assumeCompiler(TestClient client) throws IOException {
        Reply<ProgramCompilerReply> info =
                client.call(Call.PROGRAM_COMPILER, ProgramCompilerRequest.getDefaultInstance());
        assumeTrue(info.status() == 0, info.text());
    }
}
