package org.v4vgpu.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Threads that each have a tool of their own, a link or a session, and work with it at the same time. One thread uses the crew; each
 * tool is made, used and closed by its own thread only.
 */
final class Crew<T> implements AutoCloseable {
    private record Member<T>(ExecutorService thread, T tool) {}

    private record Span(long begin, long end) {}

    /** Makes a tool. */
    interface Maker<T> {
        T make() throws IOException;
    }

    /** What is done with a tool. */
    interface Work<T, R> {
        R with(T tool) throws IOException;
    }

    /** Closes a tool. */
    interface Closer<T> {
        void close(T tool) throws IOException;
    }

    private final List<Member<T>> members = new ArrayList<>();
    private final Closer<? super T> closer;

    Crew(Closer<? super T> closer) {
        this.closer = closer;
    }

    int size() {
        return members.size();
    }

    /** Starts a thread, which makes its tool. */
    void add(Maker<? extends T> maker) throws IOException {
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            members.add(new Member<>(thread, result(thread.submit(maker::make))));
        } catch (IOException | RuntimeException e) {
            thread.close();
            throw e;
        }
    }

    /** Lets the first member work while the others wait. */
    <R> R first(Work<? super T, R> work) throws IOException {
        Member<T> first = members.getFirst();
        return result(first.thread.submit(() -> work.with(first.tool)));
    }

    /** Lets the first so many work at the same time; the time from the first one's begin to the last one's end. */
    long together(int count, Work<? super T, ?> work) throws IOException {
        CountDownLatch ready = new CountDownLatch(count);
        List<Future<Span>> spans = new ArrayList<>();
        for (Member<T> member : members.subList(0, count)) {
            spans.add(member.thread.submit(() -> {
                ready.countDown();
                ready.await();
                long begin = System.nanoTime();
                var _ = work.with(member.tool);
                return new Span(begin, System.nanoTime());
            }));
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

    private static <R> R result(Future<R> future) throws IOException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof IOException failure) {
                throw failure;
            }
            if (cause instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException("a thread failed", cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void close() {
        for (Member<T> member : members) {
            member.thread.execute(() -> {
                try {
                    closer.close(member.tool);
                } catch (IOException e) {
                    // Its peer is gone.
                }
            });
            member.thread.shutdown();
        }
        members.forEach(member -> member.thread.close());
    }
}
