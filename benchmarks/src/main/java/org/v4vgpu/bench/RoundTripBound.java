package org.v4vgpu.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.v4vgpu.bench.result.Samples;

/**
 * How fast two processors can hand a message to each other and back at best: each pinned and spinning, with nothing but the copies
 * and a word, on the message's first cache line, that says which message is there. What carries small messages through memory that
 * both sides see is hardly faster; a large one may be sent in pieces and then is. One thread calls it; its two workers do the exchange.
 */
final class RoundTripBound implements AutoCloseable {
    private static final VarHandle NUMBER = ValueLayout.JAVA_LONG.varHandle();
    private static final long DATA = Long.BYTES;

    /** Many times as long as a trip takes. */
    private static final int SPINS_BEFORE_YIELD = 100_000;

    private final ExecutorService near = Executors.newSingleThreadExecutor();
    private final ExecutorService far = Executors.newSingleThreadExecutor();

    RoundTripBound() {
        int[] processors = ProcessorAffinity.available();
        near.execute(() -> ProcessorAffinity.bind(processors[0]));
        far.execute(() -> ProcessorAffinity.bind(processors[processors.length > 1 ? 1 : 0]));
    }

    /** So many round trips of the message, timed one by one. */
    Samples takeTurn(MemorySegment message, int trips) {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment there = arena.allocate(DATA + message.byteSize(), 4096);
            MemorySegment back = arena.allocate(DATA + message.byteSize(), 4096);
            MemorySegment copy = arena.allocate(message.byteSize(), 4096);
            Future<?> echo = far.submit(() -> {
                for (long number = 1; number <= trips; number++) {
                    receive(there, copy, number);
                    send(copy, back, number);
                }
            });
            Future<Samples> samples = near.submit(() -> exchange(message, there, back, trips));
            echo.get();
            return samples.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("an exchanging thread failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static Samples exchange(MemorySegment message, MemorySegment there, MemorySegment back, int trips) {
        Samples samples = new Samples();
        for (long number = 1; number <= trips; number++) {
            long begin = System.nanoTime();
            send(message, there, number);
            receive(back, message, number);
            samples.add(Math.max(1, System.nanoTime() - begin));
        }
        return samples;
    }

    private static void send(MemorySegment message, MemorySegment place, long number) {
        MemorySegment.copy(message, 0, place, DATA, message.byteSize());
        NUMBER.setRelease(place, 0L, number); // SYNC: bound-number
    }

    private static void receive(MemorySegment place, MemorySegment message, long number) {
        // SYNC: bound-number
        for (int spins = 0; (long) NUMBER.getAcquire(place, 0L) != number; spins++) {
            TwoCopyBound.spin(spins, SPINS_BEFORE_YIELD);
        }
        MemorySegment.copy(place, DATA, message, 0, message.byteSize());
    }

    @Override
    public void close() {
        near.close();
        far.close();
    }
}
