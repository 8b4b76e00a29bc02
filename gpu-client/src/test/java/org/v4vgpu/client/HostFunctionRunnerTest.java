package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallHeader;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.NextHostFuncReply;

/** The thread that runs a session's host functions, with a server that does what a real one seldom does. */
@Timeout(30)
final class HostFunctionRunnerTest {
    private static final KernelOutput NOWHERE = new KernelOutput(new StringBuilder());
    private static final int CONTEXT = 1;

    private final List<CudaStatus> ran = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch first = new CountDownLatch(1);

    /** What the server does when it is asked for the next function, the first time with 0. */
    private interface Next {
        void answer(int time, ScriptedServer server, CallHeader call) throws IOException;
    }

    private static ScriptedServer serverWith(Next next) throws IOException {
        AtomicInteger times = new AtomicInteger();
        CountDownLatch launched = new CountDownLatch(1);
        return new ScriptedServer((peer, call) -> {
            if (call.number() == Call.NEXT_HOST_FUNC.number()) {
                awaitQuietly(launched); // as a real one does: there is no next function before
                next.answer(times.getAndIncrement(), peer, call);
            } else {
                launched.countDown();
                peer.reply(call, CudaStatus.SUCCESS, null);
            }
        });
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static NextHostFuncReply turn(long function, CudaStatus fault) {
        return NextHostFuncReply.newBuilder()
                .setFunction(function)
                .setFault(fault.code())
                .build();
    }

    private void launch(GpuSession session) {
        session.hostFunctions().launch(session.lane(), CONTEXT, 0, status -> {
            ran.add(status);
            first.countDown();
        });
    }

    @Test
    void asksAgainAfterARefusalAndRunsTheFunctionOnce() throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        try (ScriptedServer server = serverWith((time, peer, call) -> {
                    switch (time) {
                        case 0, 1 -> peer.reply(call, CudaStatus.UNKNOWN, null);
                        case 2 -> peer.reply(call, CudaStatus.SUCCESS, turn(1, CudaStatus.LAUNCH_FAILED));
                        case 3 -> peer.reply(call, CudaStatus.SUCCESS, turn(1, CudaStatus.SUCCESS)); // run already
                        default -> told.countDown(); // nothing more to do
                    }
                });
                GpuSession session = GpuSession.open(server.address(), false, NOWHERE)) {
            launch(session);
            assertTrue(told.await(10, TimeUnit.SECONDS));
            assertEquals(List.of(CudaStatus.LAUNCH_FAILED), List.copyOf(ran));
            assertTrue(session.isOpen());
        }
    }

    @Test
    void aFunctionThatNobodyLaunchedIsPassedOver() throws Exception {
        try (ScriptedServer server = serverWith((time, peer, call) -> {
                    if (time < 2) {
                        peer.reply(call, CudaStatus.SUCCESS, turn(time == 0 ? 77 : 1, CudaStatus.SUCCESS));
                    }
                });
                GpuSession session = GpuSession.open(server.address(), false, NOWHERE)) {
            launch(session);
            assertTrue(first.await(10, TimeUnit.SECONDS));
            assertEquals(List.of(CudaStatus.SUCCESS), List.copyOf(ran));
        }
    }

    @Test
    void aLaneThatIsLostEndsSessionAndThread() throws Exception {
        try (ScriptedServer server = serverWith((time, peer, call) -> peer.vanish());
                GpuSession session = GpuSession.open(server.address(), false, NOWHERE)) {
            try {
                launch(session);
            } catch (CudaException e) {
                // The session may be lost before the launch is answered.
            }
            joinRunners();
            assertFalse(session.isOpen());
            assertEquals(List.of(), List.copyOf(ran));
        }
    }

    @Test
    void closingTheSessionEndsTheThreadThatWaits() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        try (ScriptedServer server = serverWith((time, peer, call) -> asked.countDown())) {
            try (GpuSession session = GpuSession.open(server.address(), false, NOWHERE)) {
                launch(session);
                assertTrue(asked.await(10, TimeUnit.SECONDS));
            }
            joinRunners();
            assertEquals(List.of(), List.copyOf(ran));
        }
    }

    /** There may be others' in this JVM; they have sessions that end as well. */
    private static void joinRunners() throws InterruptedException {
        Thread[] threads = new Thread[Thread.activeCount() + 100];
        int count = Thread.enumerate(threads);
        for (int i = 0; i < count; i++) {
            if (HostFunctions.isRunner(threads[i])) {
                assertTrue(threads[i].join(Duration.ofSeconds(10)), "it still runs");
            }
        }
    }
}
