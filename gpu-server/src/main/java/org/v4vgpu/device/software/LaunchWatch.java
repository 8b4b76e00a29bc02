package org.v4vgpu.device.software;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Ends launches that run longer than a device allows. Safe for any thread. Beginning and ending a launch costs no system call as long
 * as launches follow each other: the one thread looks at them at intervals, and sleeps only when an interval saw none.
 */
final class LaunchWatch implements AutoCloseable {
    private static final long SHORTEST_TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LONGEST_TICK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Duration limit;
    private final long tickNanos;

    /** What runs, and when it must have ended. */
    private final Map<SoftwareLaunch, Long> running = new ConcurrentHashMap<>();

    // SYNC: watch-rest. A launch enters `running` and then reads `resting`; the watch the other way round.
    private volatile boolean resting;
    private volatile boolean closed;
    private volatile @Nullable Thread thread;

    LaunchWatch(Duration limit) {
        this.limit = limit;
        this.tickNanos = Math.clamp(limit.toNanos() / 8, SHORTEST_TICK_NANOS, LONGEST_TICK_NANOS);
    }

    Duration limit() {
        return limit;
    }

    void begin(SoftwareLaunch launch) {
        running.put(launch, System.nanoTime() + limit.toNanos());
        Thread watch = thread;
        if (watch == null) {
            start();
        } else if (resting) {
            LockSupport.unpark(watch);
        }
    }

    void end(SoftwareLaunch launch) {
        running.remove(launch);
    }

    /** Launches that still run are the contexts' business. */
    @Override
    public synchronized void close() {
        closed = true;
        Thread watch = thread;
        if (watch != null) {
            LockSupport.unpark(watch);
        }
    }

    private synchronized void start() {
        if (thread == null && !closed) {
            thread = Thread.ofPlatform().daemon().name("v4vgpu launch watch").start(this::watch);
        }
    }

    private void watch() {
        int idleTicks = 0;
        while (!closed) {
            expire(System.nanoTime());
            idleTicks = running.isEmpty() ? idleTicks + 1 : 0;
            if (idleTicks < 8) {
                LockSupport.parkNanos(this, tickNanos);
                continue;
            }
            resting = true;
            if (running.isEmpty() && !closed) {
                LockSupport.park(this);
            }
            resting = false;
            idleTicks = 0;
        }
    }

    private void expire(long now) {
        running.forEach((launch, deadline) -> {
            if (now - deadline >= 0) {
                launch.expire();
            }
        });
    }
}
