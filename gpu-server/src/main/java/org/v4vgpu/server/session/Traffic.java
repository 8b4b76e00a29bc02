package org.v4vgpu.server.session;

import java.util.concurrent.atomic.AtomicLong;

/** What went over one lane. Counted by the lane's thread alone, without fences; read by any thread. */
final class Traffic {
    private final AtomicLong calls = new AtomicLong();
    private final AtomicLong bytesIn = new AtomicLong();
    private final AtomicLong bytesOut = new AtomicLong();

    void called() {
        add(calls, 1);
    }

    void received(long bytes) {
        add(bytesIn, bytes);
    }

    void sent(long bytes) {
        add(bytesOut, bytes);
    }

    long calls() {
        return calls.getOpaque();
    }

    long bytesIn() {
        return bytesIn.getOpaque();
    }

    long bytesOut() {
        return bytesOut.getOpaque();
    }

    private static void add(AtomicLong counter, long amount) {
        counter.setOpaque(counter.getPlain() + amount);
    }
}
