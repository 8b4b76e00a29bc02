package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.v4vgpu.client.ErrorsOf.assertStatus;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.proto.CudaStatus;

/** Host functions: streams wait for them, and they run on a thread and a lane of their own. */
@Timeout(60)
@ParameterizedClass
@ValueSource(strings = {"v4v", "tcp"})
final class HostFunctionsTest {
    private static final String READS_NOWHERE = """
            .version 7.0
            .target sm_50
            .address_size 64
            .visible .entry wrong()
            {
                .reg .b64 %rd<2>;
                .reg .b32 %r<2>;
                mov.u64 %rd1, 64;
                ld.global.u32 %r1, [%rd1];
                st.global.u32 [%rd1], %r1;
                ret;
            }
            """;

    private final String transport;

    HostFunctionsTest(String transport) {
        this.transport = transport;
    }

    @Test
    void streamsWaitForTheirFunctionsInOrder() throws Exception {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext();
                RemoteStream stream = context.createStream()) {
            List<Integer> ran = Collections.synchronizedList(new ArrayList<>());
            List<Integer> expected = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                int number = i;
                stream.launchHostFunction(status -> ran.add(status.isSuccess() ? number : -1));
                expected.add(number);
            }
            stream.synchronize();
            assertEquals(expected, List.copyOf(ran));
        }
    }

    @Test
    void aFailingFunctionLetsItsStreamGoOn() throws Exception {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext()) {
            context.defaultStream().launchHostFunction(status -> {
                throw new IllegalStateException("a host function that fails, as the test wants");
            });
            context.synchronize();
        }
    }

    @Test
    void callsFromAFunctionAreNotPermitted() throws Exception {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext()) {
            CompletableFuture<CudaStatus> answer = new CompletableFuture<>();
            context.defaultStream().launchHostFunction(status -> {
                try {
                    context.synchronize();
                    answer.complete(status);
                } catch (CudaException e) {
                    answer.complete(e.status());
                }
            });
            assertEquals(CudaStatus.NOT_PERMITTED, answer.get(10, TimeUnit.SECONDS));
            context.synchronize();
        }
    }

    @Test
    void aFunctionBehindAFaultIsToldOfIt() throws Exception {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext();
                RemoteContext other = gpu.device(0).createContext()) {
            RemoteFunction wrong = context.loadModule(READS_NOWHERE).function("wrong");
            CountDownLatch held = new CountDownLatch(1);
            CompletableFuture<CudaStatus> answer = new CompletableFuture<>();
            context.defaultStream().launchHostFunction(status -> await(held));
            wrong.launch(Dim3.of(1), Dim3.of(1));
            context.defaultStream().launchHostFunction(answer::complete);
            held.countDown();
            assertEquals(CudaStatus.ILLEGAL_ADDRESS, answer.get(10, TimeUnit.SECONDS));
            assertStatus(
                    CudaStatus.ILLEGAL_ADDRESS, () -> context.defaultStream().launchHostFunction(status -> {}));
            CompletableFuture<CudaStatus> elsewhere = new CompletableFuture<>();
            other.defaultStream().launchHostFunction(elsewhere::complete);
            assertEquals(CudaStatus.SUCCESS, elsewhere.get(10, TimeUnit.SECONDS));
        }
    }

    /** What still waits when the session is closed does not run, and nobody waits for it. */
    @Test
    void closingTheSessionEndsThem() throws Exception {
        try (TestServer server = TestServer.on(transport)) {
            CountDownLatch began = new CountDownLatch(1);
            CountDownLatch held = new CountDownLatch(1);
            boolean[] ran = new boolean[1];
            try (RemoteGpu gpu = server.connect()) {
                RemoteContext context = gpu.device(0).createContext();
                context.defaultStream().launchHostFunction(status -> {
                    began.countDown();
                    await(held);
                });
                context.defaultStream().launchHostFunction(status -> ran[0] = true);
                assertTrue(began.await(10, TimeUnit.SECONDS));
                assertFalse(context.defaultStream().isDone());
            }
            held.countDown();
            try (RemoteGpu gpu = server.connect();
                    RemoteContext context = gpu.device(0).createContext()) {
                context.synchronize();
            }
            assertFalse(ran[0]);
        }
    }

    @Test
    void freedLaterMeansAfterWhatWasIssued() throws Exception {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext();
                RemoteStream stream = context.createStream(1, 0);
                DeviceMemory result = context.allocate(64)) {
            CountDownLatch held = new CountDownLatch(1);
            DeviceMemory memory = context.allocate(64);
            memory.fill(1, 7, stream);
            stream.launchHostFunction(status -> await(held));
            result.copyFrom(memory, stream);
            memory.closeLater(); // returns though the stream waits
            memory.closeLater();
            assertFalse(memory.isOpen());
            assertStatus(CudaStatus.INVALID_VALUE, () -> memory.fill(1, 8, stream));
            held.countDown();
            byte[] bytes = new byte[64];
            stream.synchronize();
            result.copyTo(bytes);
            assertEquals(7, bytes[63]);
            context.synchronize();
            assertEquals(256, server.usedBytes());
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
