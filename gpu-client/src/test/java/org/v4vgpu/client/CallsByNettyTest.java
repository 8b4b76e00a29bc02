package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls and copies by way of Netty, on two lanes. */
@Timeout(60)
final class CallsByNettyTest {
    private static final int BYTES = 5_000_003;

    @ParameterizedTest
    @ValueSource(strings = {"v4v+netty", "tcp+netty"})
    void carriesCallsAndCopies(String transport) throws Exception {
        try (TestServer server = TestServer.on(transport);
                ExecutorService other = Executors.newSingleThreadExecutor()) {
            try (RemoteGpu gpu = server.connect();
                    RemoteContext context = gpu.device(0).createContext()) {
                Future<?> beside = other.submit(() -> copyBothWays(context, 2));
                copyBothWays(context, 1);
                beside.get();
                for (int i = 0; i < 500; i++) {
                    context.synchronize();
                }
            }
            assertEquals(0, server.usedBytes());
        }
    }

    private static void copyBothWays(RemoteContext context, int seed) {
        byte[] source = new byte[BYTES];
        new Random(seed).nextBytes(source);
        try (DeviceMemory memory = context.allocate(BYTES)) {
            memory.copyFrom(source);
            byte[] back = new byte[BYTES];
            memory.copyTo(back);
            assertArrayEquals(source, back);
        }
    }
}
