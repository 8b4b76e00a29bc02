package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.v4vgpu.bench.link.Link;

/** Threads with a link each, which send at the same time. One thread uses it; each link belongs to its own thread. */
final class PairedThreads implements AutoCloseable {
    private final List<Pair> pairs = new ArrayList<>();

    private static final class Pair {
        final ExecutorService thread = Executors.newSingleThreadExecutor();
        final MemorySegment message;
        final Future<Link> link;

        Pair(Callable<Link> connection, int messageBytes) {
            message = Arena.ofAuto().allocate(messageBytes, 4096);
            link = thread.submit(connection);
        }
    }

    /** What a thread of a pair took. */
    private record Span(long begin, long end) {}

    /** Connects by an address. */
    interface Connector {
        Link connect(String address) throws IOException;
    }

    private PairedThreads() {}

    /** Starts a thread for each address and connects it. */
    static PairedThreads start(List<String> addresses, Connector connector, int messageBytes) throws IOException {
        PairedThreads threads = new PairedThreads();
        try {
            for (String address : addresses) {
                threads.pairs.add(new Pair(() -> connector.connect(address), messageBytes));
            }
            for (Pair pair : threads.pairs) {
                result(pair.link);
            }
            return threads;
        } catch (IOException e) {
            threads.close();
            throw e;
        }
    }

    /** Lets some of the pairs send as many messages each; the time from the first one's begin to the last one's end. */
    long send(int count, int messages) throws IOException {
        CountDownLatch ready = new CountDownLatch(count);
        List<Future<Span>> spans = new ArrayList<>();
        for (Pair pair : pairs.subList(0, count)) {
            spans.add(pair.thread.submit(() -> send(pair, messages, ready)));
        }
        long begin = Long.MAX_VALUE;
        long end = Long.MIN_VALUE;
        for (Future<Span> span : spans) {
            Span taken = result(span);
            begin = Math.min(begin, taken.begin);
            end = Math.max(end, taken.end);
        }
        return end - begin;
    }

    private static Span send(Pair pair, int messages, CountDownLatch ready) throws Exception {
        Link link = pair.link.get();
        ready.countDown();
        ready.await();
        long begin = System.nanoTime();
        Bandwidth.send(link, pair.message, messages);
        return new Span(begin, System.nanoTime());
    }

    private static <T> T result(Future<T> future) throws IOException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw new IllegalStateException("a sending thread failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void close() {
        for (Pair pair : pairs) {
            pair.thread.execute(() -> {
                try {
                    pair.link.get().close();
                } catch (IOException | ExecutionException | InterruptedException e) {
                    // It never opened, or its peer is gone.
                }
            });
            pair.thread.shutdown();
        }
        pairs.forEach(pair -> pair.thread.close());
    }
}
