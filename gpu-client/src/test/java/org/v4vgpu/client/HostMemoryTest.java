package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.v4vgpu.client.ErrorsOf.assertStatus;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.server.session.SessionLimits;

/** Pinned host memory: shared with the server over V4V, ordinary over TCP, and the same to a program. */
@Timeout(60)
@ParameterizedClass
@ValueSource(strings = {"v4v", "tcp"})
final class HostMemoryTest {
    private static final int BYTES = 1_000_003;
    private static final long QUOTA = 4L << 20;

    private final String transport;
    private TestServer server;
    private RemoteGpu gpu;
    private RemoteContext context;

    HostMemoryTest(String transport) {
        this.transport = transport;
    }

    @BeforeEach
    void connect() throws IOException {
        server = TestServer.on(transport, SessionLimits.DEFAULT.withWindowBytes(QUOTA));
        gpu = server.connect();
        context = gpu.device(0).createContext();
    }

    @AfterEach
    void disconnect() {
        gpu.close();
        server.close();
    }

    private boolean isShared() {
        return transport.equals("v4v");
    }

    @Test
    void carriesBytesThereAndBack() {
        byte[] bytes = new byte[BYTES];
        new Random(5).nextBytes(bytes);
        try (HostMemory pinned = context.allocateHost(2 * BYTES);
                DeviceMemory device = context.allocate(BYTES);
                RemoteStream stream = context.createStream()) {
            assertEquals(isShared(), pinned.isShared());
            assertEquals(2 * BYTES, pinned.byteSize());
            MemorySegment source = pinned.segment().asSlice(0, BYTES);
            MemorySegment back = pinned.segment().asSlice(BYTES, BYTES);
            source.copyFrom(MemorySegment.ofArray(bytes));
            device.copyFrom(source);
            source.fill((byte) 0); // its bytes were taken
            device.copyTo(back);
            assertArrayEquals(bytes, back.toArray(ValueLayout.JAVA_BYTE));

            source.copyFrom(MemorySegment.ofArray(bytes));
            back.fill((byte) 0);
            device.fill((byte) 0);
            context.synchronize();
            device.copyFromAsync(source, stream);
            device.copyToAsync(back, stream);
            stream.synchronize();
            assertArrayEquals(bytes, back.toArray(ValueLayout.JAVA_BYTE));
            byte[] onHeap = new byte[BYTES];
            device.copyTo(onHeap);
            assertArrayEquals(bytes, onHeap);
        }
    }

    @Test
    void anAsynchronousCopyWaitsForItsStreamAndNobodyForTheCopy() {
        if (!isShared()) {
            return;
        }
        CountDownLatch mayGoOn = new CountDownLatch(1);
        try (HostMemory pinned = context.allocateHost(2000);
                DeviceMemory device = context.allocate(1000);
                RemoteStream stream = context.createStream(1, 0)) {
            stream.launchHostFunction(_ -> await(mayGoOn));
            pinned.segment().fill((byte) 1);
            device.copyFromAsync(pinned.segment().asSlice(0, 1000), stream);
            device.copyToAsync(pinned.segment().asSlice(1000, 1000), stream);
            assertFalse(stream.isDone());
            pinned.segment().fill((byte) 2);
            mayGoOn.countDown();
            stream.synchronize();
            assertEquals(2, pinned.segment().get(ValueLayout.JAVA_BYTE, 1999));
            byte[] there = new byte[1000];
            device.copyTo(there);
            assertEquals(2, there[0]);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Longer than such a copy takes by itself, and than a wait of a channel spins. */
    @Test
    void aCopyWaitsForWhatItsStreamHasBeforeIt() {
        try (HostMemory pinned = context.allocateHost(BYTES);
                DeviceMemory device = context.allocate(BYTES);
                RemoteStream stream = context.createStream(1, 0)) {
            device.fill((byte) 5);
            context.synchronize();
            AtomicBoolean isOver = new AtomicBoolean();
            stream.launchHostFunction(_ -> {
                LockSupport.parkNanos(5_000_000);
                isOver.set(true);
            });
            device.copyTo(pinned.segment(), stream);
            assertTrue(isOver.get());
            assertEquals(5, pinned.segment().get(ValueLayout.JAVA_BYTE, BYTES - 1));
        }
    }

    @Test
    void copiesRowsByOneCallWhereItIsShared() {
        try (HostMemory pinned = context.allocateHost(1000);
                DeviceMemory device = context.allocate(1000)) {
            for (int i = 0; i < 1000; i++) {
                pinned.segment().set(ValueLayout.JAVA_BYTE, i, (byte) i);
            }
            device.fill((byte) 0);
            assertEquals(
                    isShared(),
                    device.copyRows(pinned.segment(), 100, 50, 10, 10, false, context.defaultStream(), true));
            if (isShared()) {
                byte[] there = new byte[1000];
                device.copyTo(there);
                assertEquals((byte) 905, there[455]);
                assertEquals(0, there[460]);
                assertStatus(
                        CudaStatus.INVALID_VALUE,
                        () -> device.copyRows(pinned.segment(), 100, 50, 10, 11, false, context.defaultStream(), true));
                assertStatus(
                        CudaStatus.INVALID_VALUE,
                        () -> device.copyRows(pinned.segment(), 10, 500, 10, 9, true, context.defaultStream(), true));
                assertStatus(
                        CudaStatus.INVALID_VALUE,
                        () -> device.copyRows(pinned.segment(), 9, 50, 10, 2, true, context.defaultStream(), true));
            }
        }
    }

    @Test
    void beyondTheQuotaItIsOrdinaryMemory() {
        try (HostMemory first = context.allocateHost(QUOTA / 2);
                HostMemory second = context.allocateHost(QUOTA);
                DeviceMemory device = context.allocate(QUOTA)) {
            assertEquals(isShared(), first.isShared());
            assertFalse(second.isShared());
            second.segment().fill((byte) 5);
            device.copyFrom(second.segment());
            device.slice(0, QUOTA / 2).copyTo(first.segment());
            assertEquals(5, first.segment().get(ValueLayout.JAVA_BYTE, QUOTA / 2 - 1));
        }
        try (HostMemory again = context.allocateHost(QUOTA)) {
            assertEquals(isShared(), again.isShared());
        }
    }

    @Test
    void isOfNoUseOnceFreed() {
        HostMemory pinned = context.allocateHost(5000);
        MemorySegment segment = pinned.segment();
        pinned.close();
        pinned.close();
        assertThrows(IllegalStateException.class, () -> segment.fill((byte) 1));
        try (DeviceMemory device = context.allocate(5000)) {
            assertThrows(IllegalStateException.class, () -> device.copyFrom(segment));
            device.fill((byte) 1);
            context.synchronize();
        }
        assertStatus(CudaStatus.INVALID_VALUE, () -> context.allocateHost(0));
        assertStatus(CudaStatus.INVALID_VALUE, () -> context.allocateHost(-1));
    }

    @Test
    void outlivesItsContextAndEndsWithItsSession() {
        HostMemory pinned = context.allocateHost(5000);
        context.close();
        pinned.segment().fill((byte) 1);
        try (RemoteContext other = gpu.device(0).createContext();
                DeviceMemory device = other.allocate(5000)) {
            device.copyFrom(pinned.segment());
        }
        gpu.close();
        if (isShared()) {
            assertThrows(IllegalStateException.class, () -> pinned.segment().fill((byte) 1));
        }
        pinned.close();
    }

    @Test
    void aVirtualThreadCopiesAsWell() throws InterruptedException {
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        Thread.ofVirtual()
                .start(() -> {
                    try (HostMemory pinned = context.allocateHost(100_000);
                            DeviceMemory device = context.allocate(100_000)) {
                        pinned.segment().fill((byte) 6);
                        device.copyFrom(pinned.segment());
                        pinned.segment().fill((byte) 0);
                        device.copyTo(pinned.segment());
                        assertEquals(6, pinned.segment().get(ValueLayout.JAVA_BYTE, 99_999));
                    } catch (RuntimeException | Error e) {
                        failure.set(e);
                    }
                })
                .join();
        assertEquals(null, failure.get());
        assertTrue(gpu.isOpen());
    }
}
