package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.v4vgpu.client.ErrorsOf.assertStatus;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.MemsetRequest;

/** Several threads of one session: each with a lane, or sharing one when the server has no more. */
@Timeout(120)
@ParameterizedClass
@ValueSource(strings = {"v4v", "tcp"})
final class LanesTest {
    private final String transport;

    private static final int N = 4096;

    private static final long MOST_OF_THE_DEVICE = TestServer.DEVICE_BYTES / 8 * 5;

    private static final String EMPTY = """
            .version 7.0
            .target sm_50
            .address_size 64
            .visible .entry empty()
            {
                ret;
            }
            """;

    LanesTest(String transport) {
        this.transport = transport;
    }

    /** With 64 lanes each of the threads has its own; with 2 all but one share one; with 1 all share it. */
    @ParameterizedTest
    @ValueSource(ints = {64, 2, 1})
    void threadsWorkBesideEachOther(int lanes) throws Exception {
        try (TestServer server = TestServer.on(transport, lanes);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext();
                ExecutorService threads = Executors.newFixedThreadPool(6)) {
            List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                int seed = i;
                results.add(threads.submit(() -> work(context, seed)));
            }
            for (Future<?> result : results) {
                result.get();
            }
            context.synchronize();
        }
    }

    @Test
    void virtualThreadsShareALane() throws Exception {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                int seed = i;
                results.add(threads.submit(() -> work(context, seed)));
            }
            for (Future<?> result : results) {
                result.get();
            }
        }
    }

    /** Each of these waits for the device, and only another thread of the same lane can end the wait. */
    @Test
    void aThreadThatWaitsOnTheSharedLaneStopsNobody() throws Exception {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = server.connect();
                RemoteContext other = gpu.device(0).createContext();
                HostMemory pinned = other.allocateHost(64)) {
            RemoteContext context = gpu.device(0).createContext();
            RemoteStream stream = context.createStream();
            DeviceMemory memory = context.allocate(64);
            RemoteModule module = context.loadModule(EMPTY);
            MemorySegment bytes = MemorySegment.ofArray(new byte[64]);
            waitsAlone(context, other, () -> memory.copyFrom(bytes));
            waitsAlone(context, other, () -> memory.copyFrom(bytes, stream));
            waitsAlone(context, other, () -> memory.copyFromAndWait(bytes));
            waitsAlone(context, other, () -> memory.copyFromAndWait(pinned.segment(), stream));
            waitsAlone(context, other, () -> memory.copyTo(bytes, stream));
            waitsAlone(context, other, context::synchronize);
            DeviceMemory most = context.allocate(MOST_OF_THE_DEVICE);
            waitsAlone(context, other, () -> {
                most.closeLater();
                context.allocate(MOST_OF_THE_DEVICE).closeLater();
            });
            if (pinned.isShared()) {
                waitsAlone(context, other, pinned::close);
            }
            waitsAlone(context, other, memory::close);
            waitsAlone(context, other, module::close);
            waitsAlone(context, other, context::close);
        }
    }

    /** What others enqueue meanwhile does not count, in a stream that is never idle. */
    @Test
    void aThreadThatKeepsAStreamBusyDelaysNobody() throws Exception {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext()) {
            RemoteStream busy = context.createStream();
            DeviceMemory memory = context.allocate(64);
            RemoteModule module = context.loadModule(EMPTY);
            AtomicBoolean stop = new AtomicBoolean();
            CountDownLatch begun = new CountDownLatch(1);
            FutureTask<Integer> keeping = new FutureTask<>(() -> {
                int rounds = 0;
                CountDownLatch current = new CountDownLatch(1);
                hold(busy, current);
                while (!stop.get()) {
                    CountDownLatch next = new CountDownLatch(1);
                    hold(busy, next);
                    current.countDown();
                    current = next;
                    begun.countDown();
                    rounds++;
                }
                current.countDown();
                return rounds;
            });
            FutureTask<Boolean> waiting = new FutureTask<>(
                    () -> {
                        await(begun);
                        context.synchronize();
                        memory.close();
                        module.close();
                    },
                    true);
            Thread.ofVirtual().start(keeping);
            Thread.ofVirtual().start(waiting);
            try {
                assertTrue(waiting.get(20, TimeUnit.SECONDS));
            } finally {
                stop.set(true);
                keeping.get(20, TimeUnit.SECONDS);
            }
            context.synchronize();
        }
    }

    private static void hold(RemoteStream stream, CountDownLatch latch) {
        stream.launchHostFunction(_ -> await(latch));
    }

    /** What is enqueued behind the free holds nobody up. */
    @Test
    void anAllocationWaitsForWhatWasFreedAlone() throws Exception {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext()) {
            CountDownLatch before = new CountDownLatch(1);
            CountDownLatch behind = new CountDownLatch(1);
            FutureTask<Boolean> allocating = new FutureTask<>(
                    () -> {
                        DeviceMemory most = context.allocate(MOST_OF_THE_DEVICE);
                        context.defaultStream().launchHostFunction(_ -> await(before));
                        most.closeLater();
                        context.defaultStream().launchHostFunction(_ -> await(behind));
                        assertStatus(CudaStatus.OUT_OF_MEMORY, () -> context.allocate(TestServer.DEVICE_BYTES + 1));
                        before.countDown();
                        context.allocate(MOST_OF_THE_DEVICE);
                        assertStatus(CudaStatus.OUT_OF_MEMORY, () -> context.allocate(MOST_OF_THE_DEVICE));
                    },
                    true);
            Thread.ofVirtual().start(allocating);
            try {
                assertTrue(allocating.get(20, TimeUnit.SECONDS));
            } finally {
                before.countDown();
                behind.countDown();
            }
        }
    }

    /** One virtual thread waits behind a host function, which ends when another one has made calls. */
    private static void waitsAlone(RemoteContext context, RemoteContext other, Runnable wait) throws Exception {
        CountDownLatch enqueued = new CountDownLatch(1);
        CountDownLatch called = new CountDownLatch(1);
        FutureTask<Boolean> waiting = new FutureTask<>(
                () -> {
                    context.defaultStream().launchHostFunction(_ -> await(called));
                    enqueued.countDown();
                    wait.run();
                },
                true);
        FutureTask<Boolean> calling = new FutureTask<>(() -> {
            enqueued.await();
            for (int i = 0; i < 50; i++) {
                other.memoryInfo();
            }
            boolean waits = !waiting.isDone();
            called.countDown();
            return waits;
        });
        Thread.ofVirtual().start(waiting);
        Thread.ofVirtual().start(calling);
        try {
            assertTrue(calling.get(20, TimeUnit.SECONDS), "it did not wait at all");
            assertTrue(waiting.get(20, TimeUnit.SECONDS));
        } finally {
            called.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void work(RemoteContext context, int seed) {
        int[] numbers = new int[N];
        int[] back = new int[N];
        try (RemoteStream stream = context.createStream();
                RemoteEvent event = context.createEvent();
                DeviceMemory memory = context.allocate(4L * N)) {
            for (int round = 0; round < 10; round++) {
                Arrays.fill(numbers, seed * 1000 + round);
                memory.copyFrom(MemorySegment.ofArray(numbers), stream);
                event.record(stream);
                event.synchronize();
                stream.synchronize();
                memory.copyTo(MemorySegment.ofArray(back), stream);
                assertArrayEquals(numbers, back);
            }
        }
    }

    @Test
    void anEventRecordedInOneThreadIsAwaitedInAnother() throws Exception {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext();
                RemoteEvent event = context.createEvent();
                DeviceMemory memory = context.allocate(4)) {
            for (int round = 1; round <= 200; round++) {
                int value = round;
                memory.copyFrom(new int[] {value});
                event.record();
                int[] seen = new int[1];
                inAnotherThread(() -> {
                    event.synchronize();
                    memory.copyTo(seen);
                    return seen[0];
                });
                assertEquals(value, seen[0]);
            }
        }
    }

    @Test
    void theOrderBetweenThreadsHoldsForOneWayCalls() throws Exception {
        int big = 2_000_000;
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext();
                DeviceMemory memory = context.allocate(big);
                ExecutorService one = Executors.newSingleThreadExecutor();
                ExecutorService two = Executors.newSingleThreadExecutor()) {
            byte[] ones = new byte[big];
            Arrays.fill(ones, (byte) 1);
            byte[] back = new byte[big];
            for (int round = 0; round < 20; round++) {
                byte value = (byte) (round + 2);
                one.submit(() -> memory.copyFrom(ones)).get();
                two.submit(() -> memory.fill(value)).get();
                one.submit(() -> memory.copyTo(back)).get();
                byte[] expected = new byte[big];
                Arrays.fill(expected, value);
                assertArrayEquals(expected, back);
            }
        }
    }

    @Test
    void lanesOfEndedThreadsGoBack() throws Exception {
        try (TestServer server = TestServer.on(transport, 6);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext()) {
            for (int i = 0; i < 40; i++) {
                inAnotherThread(() -> {
                    context.synchronize();
                    return 0;
                });
            }
        }
    }

    @Test
    void anErrorOfAnEndedThreadIsNobodyElses() throws Exception {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext()) {
            for (int i = 0; i < 5; i++) {
                inAnotherThread(() -> {
                    MemsetRequest refused = MemsetRequest.newBuilder()
                            .setContext(context.id())
                            .setElementBytes(3)
                            .build();
                    context.lane().post(Call.MEMSET, refused);
                    return 0;
                });
                inAnotherThread(() -> {
                    context.synchronize();
                    return 0;
                });
            }
        }
    }

    @Test
    void aThreadThatIsRefusedALaneSharesOne() throws Exception {
        try (TestServer server = TestServer.on(transport, 3);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext()) {
            Thread.ofVirtual().start(context::synchronize).join(); // opens the shared lane
            Lane last = new Lane(context.session(), context.session().join(), false);
            inAnotherThread(() -> {
                context.synchronize();
                assertTrue(context.lane().isShared());
                return 0;
            });
            last.leave();
        }
    }

    @Test
    void aSessionOutlivesTheThreadThatOpenedIt() throws Exception {
        try (TestServer server = TestServer.on(transport)) {
            RemoteContext context =
                    inAnotherThread(() -> server.connect().device(0).createContext());
            DeviceMemory memory = inAnotherThread(() -> context.allocate(64));
            memory.fill((byte) 1);
            context.synchronize();
        }
    }

    @Test
    void anInterruptedThreadKeepsItsSession() throws Exception {
        try (TestServer server = TestServer.on(transport);
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext();
                DeviceMemory memory = context.allocate(3_000_000)) {
            Thread.currentThread().interrupt();
            memory.copyFrom(new byte[3_000_000]);
            context.synchronize();
            memory.copyTo(new byte[3_000_000]);
            assertTrue(Thread.interrupted());
            Thread tested = Thread.currentThread();
            Thread interrupter = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 1000; i++) {
                    tested.interrupt();
                }
            });
            while (interrupter.isAlive()) {
                context.synchronize();
            }
            Thread.interrupted();
            context.synchronize();
            assertTrue(inAnotherThread(() -> {
                Thread.currentThread().interrupt();
                context.synchronize();
                return Thread.interrupted();
            }));
        }
    }

    @Test
    void closingEndsWhatOtherThreadsWaitFor() throws Exception {
        try (TestServer server = TestServer.on(transport)) {
            RemoteGpu gpu = server.connect();
            RemoteContext context = gpu.device(0).createContext();
            CountDownLatch working = new CountDownLatch(1);
            FutureTask<CudaException> other = new FutureTask<>(() -> ErrorsOf.thrownBy(() -> {
                while (true) {
                    context.synchronize();
                    working.countDown();
                }
            }));
            Thread thread = Thread.ofPlatform().start(other);
            working.await();
            gpu.close();
            CudaStatus status = other.get().status();
            assertTrue(
                    status.equals(CudaStatus.DEINITIALIZED) || status.equals(CudaStatus.DEVICE_UNAVAILABLE),
                    status.toString());
            thread.join();
            assertStatus(CudaStatus.DEINITIALIZED, context::synchronize);
        }
    }

    private static <T> T inAnotherThread(Callable<T> call)
            throws InterruptedException, ExecutionException, IOException {
        FutureTask<T> task = new FutureTask<>(call);
        Thread thread = Thread.ofPlatform().start(task);
        T result = task.get();
        thread.join();
        return result;
    }
}
