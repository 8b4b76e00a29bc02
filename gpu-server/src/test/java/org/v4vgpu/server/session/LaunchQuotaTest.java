package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.Kernels;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CtxSetLimitRequest;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.MemGetInfoReply;
import org.v4vgpu.proto.MemGetInfoRequest;

/** The heap of malloc in kernels, which a launch makes, counts in the session's quota. */
@Timeout(60)
final class LaunchQuotaTest {
    private static final long MIB = 1 << 20;
    private static final int MALLOC_HEAP_SIZE = 2;

    @Test
    void theHeapOfMallocIsPartOfTheQuota() throws IOException {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT.withMemoryBytes(16 * MIB));
                TestClient gpu = host.open()) {
            long context = gpu.createContext();
            long out = gpu.allocate(context, 4);
            gpu.allocate(context, 12 * MIB);
            String text = StandardCharsets.UTF_8
                    .decode(Kernels.file("full/calls.ptx").asByteBuffer())
                    .toString();
            long module = TestKernels.load(gpu, context, text, 1000).message().getModule();
            long exhaust = TestKernels.function(gpu, module, "exhaust").getFunction();
            long before = free(gpu, context);
            launch(gpu, context, exhaust, out); // 8 MiB
            assertEquals(CudaStatus.OUT_OF_MEMORY.code(), ServerClients.synchronize(gpu, context));
            assertEquals(before, free(gpu, context));
            gpu.expect(
                    Call.CTX_SET_LIMIT,
                    CtxSetLimitRequest.newBuilder()
                            .setContext(context)
                            .setLimit(MALLOC_HEAP_SIZE)
                            .setValue(3 * MIB)
                            .build());
            launch(gpu, context, exhaust, out);
            assertEquals(0, ServerClients.synchronize(gpu, context));
            assertEquals(3, gpu.read(context, out, 4)[0]);
            assertEquals(before - 3 * MIB, free(gpu, context));
            launch(gpu, context, exhaust, out); // takes no more
            assertEquals(0, ServerClients.synchronize(gpu, context));
            gpu.goodbye();
        }
    }

    /** Two lanes launch: what the first has made the second need not have room for. */
    @Test
    void whatAnotherLaneHasTakenIsNotAskedForAgain() throws Exception {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT.withMemoryBytes(16 * MIB));
                TestClient gpu = host.open()) {
            Session session = host.sessions.all().getFirst();
            Iterator<Long> bytes = List.of(17 * MIB, 0L).iterator();
            AtomicBoolean launched = new AtomicBoolean();
            session.within(bytes::next, () -> launched.set(true));
            assertTrue(launched.get());
            gpu.goodbye();
        }
    }

    private static void launch(TestClient gpu, long context, long function, long out) throws IOException {
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, function, 1, 1), MemorySegment.ofArray(new long[] {
            out
        }));
    }

    private static long free(TestClient gpu, long context) throws IOException {
        MemGetInfoReply info = gpu.expect(
                Call.MEM_GET_INFO,
                MemGetInfoRequest.newBuilder().setContext(context).build());
        return info.getFreeBytes();
    }
}
