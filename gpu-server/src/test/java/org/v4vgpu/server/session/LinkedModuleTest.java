package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.FuncSetAttributeRequest;
import org.v4vgpu.proto.ModuleLoadDataReply;
import org.v4vgpu.proto.ModuleLoadDataRequest;
import org.v4vgpu.server.session.TestClient.Reply;

/** Several images in one payload, whose lengths are a client's word; and attributes of functions. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LinkedModuleTest {
    private static final String HEAD = ".version 7.0\n.target sm_60\n.address_size 64\n";
    private static final byte[] MAIN = (HEAD + """
            .extern .global .align 4 .u32 answer;
            .visible .entry asks(.param .u64 p) {
                .reg .b32 %r<2>; .reg .b64 %rd<2>;
                ld.param.u64 %rd1, [p]; ld.global.u32 %r1, [answer]; st.global.u32 [%rd1], %r1; ret;
            }
            """).getBytes(StandardCharsets.UTF_8);
    private static final byte[] DATA =
            (HEAD + ".visible .global .align 4 .u32 answer = 42;\n").getBytes(StandardCharsets.UTF_8);

    private final TestHost host = new TestHost(SessionLimits.DEFAULT);

    @AfterEach
    void close() {
        host.close();
    }

    private static MemorySegment both() {
        byte[] both = new byte[MAIN.length + DATA.length];
        System.arraycopy(MAIN, 0, both, 0, MAIN.length);
        System.arraycopy(DATA, 0, both, MAIN.length, DATA.length);
        return MemorySegment.ofArray(both);
    }

    private static Reply<ModuleLoadDataReply> load(TestClient gpu, long context, List<Long> parts) throws IOException {
        ModuleLoadDataRequest request = ModuleLoadDataRequest.newBuilder()
                .setContext(context)
                .setErrorLogBytes(1000)
                .addAllPartBytes(parts)
                .build();
        return gpu.call(Call.MODULE_LOAD_DATA, request, both());
    }

    @Test
    void linksThePartsOfAPayload() throws IOException {
        try (TestClient gpu = host.open()) {
            long context = gpu.createContext();
            Reply<ModuleLoadDataReply> linked = load(gpu, context, List.of((long) MAIN.length, (long) DATA.length));
            assertEquals(0, linked.status(), linked.message().getErrorLog());
            assertNotEquals(
                    0,
                    TestKernels.function(gpu, linked.message().getModule(), "asks")
                            .getFunction());
            gpu.goodbye();
        }
    }

    @Test
    void refusesLengthsThatAreNotThoseOfThePayload() throws IOException {
        try (TestClient gpu = host.open()) {
            long context = gpu.createContext();
            long all = (long) MAIN.length + DATA.length;
            for (List<Long> lie : List.of(
                    List.of(0L, all),
                    List.of(all, 1L),
                    List.of(all - 1),
                    List.of(-1L, all),
                    List.of(Long.MAX_VALUE, Long.MAX_VALUE),
                    List.of(all + 1),
                    Collections.nCopies(300, 1L))) {
                Reply<ModuleLoadDataReply> refused = load(gpu, context, lie);
                assertEquals(CudaStatus.INVALID_VALUE.code(), refused.status(), lie::toString);
            }
            assertEquals(
                    CudaStatus.INVALID_PTX.code(),
                    load(gpu, context, List.of(10L, all - 10)).status());
            gpu.goodbye();
        }
    }

    @Test
    void setsNoAttributeThatItDoesNotKnowOfNoFunction() throws IOException {
        try (TestClient gpu = host.open()) {
            long context = gpu.createContext();
            long module = load(gpu, context, List.of((long) MAIN.length, (long) DATA.length))
                    .message()
                    .getModule();
            long function = TestKernels.function(gpu, module, "asks").getFunction();
            assertEquals(CudaStatus.INVALID_HANDLE.code(), setAttribute(gpu, module, 8, 1));
            assertEquals(CudaStatus.INVALID_HANDLE.code(), setAttribute(gpu, function + 1, 8, 1));
            assertEquals(CudaStatus.NOT_SUPPORTED.code(), setAttribute(gpu, function, 4, 1));
            assertEquals(CudaStatus.NOT_SUPPORTED.code(), setAttribute(gpu, function, -1, 1));
            assertTrue(setAttribute(gpu, function, 8, Integer.MIN_VALUE) != 0);
            gpu.goodbye();
        }
    }

    private static int setAttribute(TestClient gpu, long function, int attribute, int value) throws IOException {
        return gpu.call(
                        Call.FUNC_SET_ATTRIBUTE,
                        FuncSetAttributeRequest.newBuilder()
                                .setFunction(function)
                                .setAttribute(attribute)
                                .setValue(value)
                                .build())
                .status();
    }
}
