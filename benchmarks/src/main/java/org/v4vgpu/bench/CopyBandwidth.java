package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.v4vgpu.bench.result.Machine;

/**
 * The machine's copy bandwidth, as the copy of the STREAM benchmark has it: all cores, each pinned, copy their share of an array of four
 * times the last cache level to another one. Every byte counts once. One thread uses it.
 *
 * <p>Where the machine has not so much memory to spare, the arrays are as large as a third of what is free allows.
 */
final class CopyBandwidth implements AutoCloseable {
    /** The kind of results. */
    static final String KIND = "copy bandwidth";

    private static final long CACHES = 4;
    private static final long SMALLEST = 64L << 20;
    private static final long PAGE = 4096;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment source;
    private final MemorySegment destination;
    private final List<ExecutorService> threads = new ArrayList<>();

    /** @param limit of the arrays, in bytes */
    CopyBandwidth(long limit) {
        int[] processors = ProcessorAffinity.available();
        long wanted = Math.min(limit, Math.max(SMALLEST, CACHES * Machine.lastLevelCacheBytes()));
        long share = Math.min(wanted, Machine.availableMemoryBytes() / 6) / processors.length / PAGE * PAGE;
        source = arena.allocate(share * processors.length, 4096);
        destination = arena.allocate(share * processors.length, 4096);
        source.fill((byte) 1);
        for (int processor : processors) {
            ExecutorService thread = Executors.newSingleThreadExecutor();
            thread.execute(() -> ProcessorAffinity.bind(processor));
            threads.add(thread);
        }
    }

    long byteSize() {
        return source.byteSize();
    }

    int cores() {
        return threads.size();
    }

    /** Copies all once; gives the time from the first begin to the last end. */
    long copyOnce() throws IOException {
        long share = byteSize() / threads.size();
        List<Future<long[]>> spans = new ArrayList<>();
        for (int i = 0; i < threads.size(); i++) {
            long offset = i * share;
            Callable<long[]> copy = () -> {
                long begin = System.nanoTime();
                MemorySegment.copy(source, offset, destination, offset, share);
                return new long[] {begin, System.nanoTime()};
            };
            spans.add(threads.get(i).submit(copy));
        }
        long begin = Long.MAX_VALUE;
        long end = Long.MIN_VALUE;
        for (Future<long[]> span : spans) {
            try {
                begin = Math.min(begin, span.get()[0]);
                end = Math.max(end, span.get()[1]);
            } catch (ExecutionException e) {
                throw new IllegalStateException("a copying thread failed", e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
        return end - begin;
    }

    @Override
    public void close() {
        threads.forEach(ExecutorService::close);
        arena.close();
    }
}
