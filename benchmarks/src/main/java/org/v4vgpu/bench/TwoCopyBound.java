package org.v4vgpu.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.v4vgpu.bench.result.Samples;

/**
 * How fast two processors can move an array through a ring at best: one copies from the source into the ring, the other from
 * the ring to the destination, each pinned, with nothing but an acquire and a release between them. What carries data through a
 * ring with two copies can't be faster. One thread calls it; its two workers do the copying.
 *
 * <p>The best chunk size of each turn counts, of those from 64 KiB to 1 MiB.
 */
final class TwoCopyBound implements AutoCloseable {
    /** The kind of results. */
    static final String KIND = "two-copy bound";

    /** As the ring of a V4V connection. */
    private static final long RING_BYTES = 1L << 20;

    /** Many times as long as a chunk takes. */
    private static final int SPINS_BEFORE_YIELD = 20_000;

    private static final List<Long> CHUNKS = List.of(64L << 10, 128L << 10, 256L << 10, 512L << 10, 1L << 20);

    private final Arena arena = Arena.ofShared();
    private final MemorySegment ring = arena.allocate(RING_BYTES, 4096);
    private final ExecutorService writer = Executors.newSingleThreadExecutor();
    private final ExecutorService reader = Executors.newSingleThreadExecutor();
    private final CacheLineCounter written = new CacheLineCounter();
    private final CacheLineCounter read = new CacheLineCounter();

    TwoCopyBound() {
        int[] processors = ProcessorAffinity.available();
        writer.execute(() -> ProcessorAffinity.bind(processors[0]));
        reader.execute(() -> ProcessorAffinity.bind(processors[processors.length > 1 ? 1 : 0]));
    }

    /**
     * Moves the array through the ring so many times in a row for each sample, as one stream.
     *
     * @return the times of the chunk size that was fastest in this turn, divided by the repetitions
     */
    Samples takeTurn(MemorySegment source, MemorySegment destination, int repetitions, int samples) {
        Samples best = new Samples();
        for (long chunk : CHUNKS) {
            if (chunk > source.byteSize() && chunk != CHUNKS.getFirst()) {
                continue;
            }
            Samples taken = new Samples();
            for (int i = 0; i < samples; i++) {
                taken.add(Math.max(1, stream(source, destination, chunk, repetitions) / repetitions));
            }
            if (best.count() == 0 || taken.median() < best.median()) {
                best = taken;
            }
        }
        return best;
    }

    @Override
    public void close() {
        writer.close();
        reader.close();
        arena.close();
    }

    private long stream(MemorySegment source, MemorySegment destination, long chunk, int repetitions) {
        written.value.set(0);
        read.value.set(0);
        Future<Long> end = reader.submit(() -> drain(destination, chunk, repetitions));
        Future<Long> begin = writer.submit(() -> fill(source, chunk, repetitions));
        try {
            return end.get() - begin.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a copying thread failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** The writer: gives the time before the first byte. */
    private long fill(MemorySegment source, long chunk, int repetitions) {
        long begin = System.nanoTime();
        long position = 0; // in the ring: every chunk takes the place of a whole one, so that none wraps
        for (int repetition = 0; repetition < repetitions; repetition++) {
            for (long offset = 0; offset < source.byteSize(); offset += chunk) {
                // SYNC: bound-space
                for (int spins = 0; position + chunk - read.value.getAcquire() > RING_BYTES; spins++) {
                    spin(spins, SPINS_BEFORE_YIELD);
                }
                long length = Math.min(chunk, source.byteSize() - offset);
                MemorySegment.copy(source, offset, ring, position % RING_BYTES, length);
                position += chunk;
                // SYNC: bound-data
                written.value.setRelease(position);
            }
        }
        return begin;
    }

    /** The reader: gives the time after the last byte. */
    private long drain(MemorySegment destination, long chunk, int repetitions) {
        long position = 0;
        for (int repetition = 0; repetition < repetitions; repetition++) {
            for (long offset = 0; offset < destination.byteSize(); offset += chunk) {
                // SYNC: bound-data
                for (int spins = 0; written.value.getAcquire() < position + chunk; spins++) {
                    spin(spins, SPINS_BEFORE_YIELD);
                }
                long length = Math.min(chunk, destination.byteSize() - offset);
                MemorySegment.copy(ring, position % RING_BYTES, destination, offset, length);
                position += chunk;
                // SYNC: bound-space
                read.value.setRelease(position);
            }
        }
        return System.nanoTime();
    }

    /** Where the other thread has lost its processor to somebody else, spinning only makes that last. */
    @SuppressWarnings("ThreadPriorityCheck") // a hint; correctness does not hang on it
    static void spin(int spins, int beforeYield) {
        if (spins < beforeYield) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }

    /** A counter with a cache line of its own, as far as Java promises one: padding on both sides. */
    @SuppressWarnings("unused") // the padding
    private static final class CacheLineCounter {
        private final long[] before = new long[16];
        private final AtomicLong value = new AtomicLong();
        private final long[] after = new long[16];
    }
}
