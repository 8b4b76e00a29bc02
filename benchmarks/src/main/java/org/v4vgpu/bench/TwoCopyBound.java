package org.v4vgpu.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How fast two processors can move an array through a ring at best: one copies from the source into the ring, the other from
 * the ring to the destination, each pinned, with nothing but an acquire and a release between them. What carries data through a
 * ring with two copies can't be faster. One thread calls it; its two workers do the copying.
 *
 * <p>The best chunk size counts, of those from 64 KiB to 1 MiB.
 */
final class TwoCopyBound implements AutoCloseable {
    /** As the ring of a V4V connection. */
    private static final long RING_BYTES = 1L << 20;

    private static final List<Long> CHUNKS = List.of(64L << 10, 128L << 10, 256L << 10, 512L << 10, 1L << 20);

    private final Arena arena = Arena.ofShared();
    private final MemorySegment ring = arena.allocate(RING_BYTES, 4096);
    private final ExecutorService writer = Executors.newSingleThreadExecutor();
    private final ExecutorService reader = Executors.newSingleThreadExecutor();
    private final CacheLineCounter written = new CacheLineCounter();
    private final CacheLineCounter read = new CacheLineCounter();

    TwoCopyBound() {
        int[] processors = ProcessorAffinity.available();
        writer.execute(() -> ProcessorAffinity.pin(processors[0]));
        reader.execute(() -> ProcessorAffinity.pin(processors[processors.length > 1 ? 1 : 0]));
    }

    /** A case to be measured in several turns: the same arrays as the measured copy. */
    Case of(MemorySegment source, MemorySegment destination) {
        return new Case(source, destination);
    }

    @Override
    public void close() {
        writer.close();
        reader.close();
        arena.close();
    }

    /** Samples for one pair of arrays, by chunk size. */
    final class Case {
        private final MemorySegment source;
        private final MemorySegment destination;
        private final Map<Long, Samples> samples = new LinkedHashMap<>();

        private Case(MemorySegment source, MemorySegment destination) {
            this.source = source;
            this.destination = destination;
        }

        /** Moves the array several times with each chunk size. */
        void takeTurn(int copies, boolean keep) {
            for (long chunk : CHUNKS) {
                if (chunk > source.byteSize() && chunk != CHUNKS.getFirst()) {
                    continue;
                }
                for (int copy = 0; copy < copies; copy++) {
                    long nanos = copyOnce(source, destination, chunk);
                    if (keep) {
                        samples.computeIfAbsent(chunk, _ -> new Samples()).add(nanos);
                    }
                }
            }
        }

        /** The samples of the chunk size with the shortest median. */
        Samples best() {
            List<Samples> all = new ArrayList<>(samples.values());
            all.sort((left, right) -> Long.compare(left.median(), right.median()));
            return all.getFirst();
        }
    }

    private long copyOnce(MemorySegment source, MemorySegment destination, long chunk) {
        written.value.set(0);
        read.value.set(0);
        Future<Long> end = reader.submit(() -> drain(destination, chunk));
        Future<Long> begin = writer.submit(() -> fill(source, chunk));
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
    private long fill(MemorySegment source, long chunk) {
        long begin = System.nanoTime();
        for (long offset = 0; offset < source.byteSize(); ) {
            long length = Math.min(chunk, source.byteSize() - offset);
            // SYNC: bound-space
            while (offset + length - read.value.getAcquire() > RING_BYTES) {
                Thread.onSpinWait();
            }
            MemorySegment.copy(source, offset, ring, offset % RING_BYTES, length);
            offset += length;
            // SYNC: bound-data
            written.value.setRelease(offset);
        }
        return begin;
    }

    /** The reader: gives the time after the last byte. */
    private long drain(MemorySegment destination, long chunk) {
        for (long offset = 0; offset < destination.byteSize(); ) {
            long length = Math.min(chunk, destination.byteSize() - offset);
            // SYNC: bound-data
            while (written.value.getAcquire() < offset + length) {
                Thread.onSpinWait();
            }
            MemorySegment.copy(ring, offset % RING_BYTES, destination, offset, length);
            offset += length;
            // SYNC: bound-space
            read.value.setRelease(offset);
        }
        return System.nanoTime();
    }

    /** A counter with a cache line of its own, as far as Java promises one: padding on both sides. */
    @SuppressWarnings("unused") // the padding
    private static final class CacheLineCounter {
        private final long[] before = new long[16];
        private final AtomicLong value = new AtomicLong();
        private final long[] after = new long[16];
    }
}
