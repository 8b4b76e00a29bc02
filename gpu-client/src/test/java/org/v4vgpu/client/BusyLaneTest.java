package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.server.session.SessionLimits;

/** A thread whose calls the server can't take yet, because a kernel runs before them, beside threads that go on. */
@Timeout(120)
final class BusyLaneTest {
    /** How long a number may be missing at the server; the usual time would make the tests long. */
    private static final long MISSING_NANOS = 200_000_000;

    /** More than any ring or socket takes. */
    private static final int COPIES = 64;

    private static final byte[] COPIED = new byte[1 << 20];

    /** Kernels that run until a word is set, and for a time. */
    private static final String PTX = """
            .version 7.0
            .target sm_75
            .address_size 64
            .visible .entry untilSet(.param .u64 word)
            {
                .reg .pred %p<2>;
                .reg .b32 %r<2>;
                .reg .b64 %rd<2>;
                ld.param.u64 %rd1, [word];
            AGAIN:
                ld.volatile.global.u32 %r1, [%rd1];
                setp.eq.s32 %p1, %r1, 0;
                @%p1 bra AGAIN;
                ret;
            }
            .visible .entry forNanos(.param .u64 nanos)
            {
                .reg .pred %p<2>;
                .reg .b64 %rd<5>;
                ld.param.u64 %rd1, [nanos];
                mov.u64 %rd2, %globaltimer;
            AGAIN:
                mov.u64 %rd3, %globaltimer;
                sub.s64 %rd4, %rd3, %rd2;
                setp.lt.u64 %p1, %rd4, %rd1;
                @%p1 bra AGAIN;
                ret;
            }
            """;

    /** Over V4V the others don't even wait: only they can end the kernel here. */
    @Test
    void threadBeforeFullRingHoldsUpNobody() throws Exception {
        try (TestServer server = serverOn("v4v");
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext();
                RemoteModule module = context.loadModule(PTX);
                RemoteStream busy = context.createStream();
                RemoteStream free = context.createStream();
                DeviceMemory word = context.allocate(4);
                DeviceMemory memory = context.allocate(COPIED.length);
                ExecutorService thread = Executors.newSingleThreadExecutor()) {
            word.fill(0);
            context.synchronize();
            Future<?> copies = thread.submit(() -> {
                module.function("untilSet").launchOn(busy, Dim3.of(1), Dim3.of(1), 0, word);
                for (int i = 0; i < COPIES; i++) {
                    memory.copyFrom(MemorySegment.ofArray(COPIED), busy);
                }
                busy.synchronize();
            });
            long start = System.nanoTime();
            while (System.nanoTime() - start < 5 * MISSING_NANOS) {
                assertTrue(context.memoryInfo().freeBytes() > 0);
            }
            assertFalse(copies.isDone());
            word.fill(4, 1, free);
            copies.get();
        }
    }

    /** Over TCP they wait until the bytes of the copy that has a number are through. */
    @Test
    void threadBeforeFullSocketEndsNoSession() throws Exception {
        try (TestServer server = serverOn("tcp");
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext();
                RemoteModule module = context.loadModule(PTX);
                RemoteStream busy = context.createStream();
                DeviceMemory memory = context.allocate(COPIED.length);
                ExecutorService thread = Executors.newSingleThreadExecutor()) {
            context.synchronize();
            Future<?> copies = thread.submit(() -> {
                module.function("forNanos").launchOn(busy, Dim3.of(1), Dim3.of(1), 0, 10 * MISSING_NANOS);
                for (int i = 0; i < COPIES; i++) {
                    memory.copyFrom(MemorySegment.ofArray(COPIED), busy);
                }
                busy.synchronize();
            });
            while (!copies.isDone()) {
                assertTrue(context.memoryInfo().freeBytes() > 0);
            }
            copies.get();
        }
    }

    private static TestServer serverOn(String transport) throws IOException {
        return TestServer.on(transport, SessionLimits.DEFAULT.withMissingNumberNanos(MISSING_NANOS));
    }
}
