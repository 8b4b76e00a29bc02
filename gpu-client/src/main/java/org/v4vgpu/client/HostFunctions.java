package org.v4vgpu.client;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.LaunchHostFuncRequest;
import org.v4vgpu.proto.NextHostFuncReply;
import org.v4vgpu.proto.NextHostFuncRequest;

/**
 * The host functions of one session: a daemon thread with a lane of its own, opened for the first of them, sits in a call whose
 * reply names the function that the device waits for. Safe for any thread.
 */
final class HostFunctions {
    private static final Logger LOG = System.getLogger(HostFunctions.class.getName());

    /** Between two attempts to ask that fail: from this, doubled, to that. */
    private static final long SHORTEST_PAUSE_NANOS = 10_000_000L;

    private static final long LONGEST_PAUSE_NANOS = 1_000_000_000L;

    private final GpuSession session;
    private final ConcurrentMap<Long, HostFunction> waiting = new ConcurrentHashMap<>();
    private final AtomicLong last = new AtomicLong();

    /** Guarded by this. */
    private @Nullable Lane lane;

    HostFunctions(GpuSession session) {
        this.session = session;
    }

    /** Whether the calling thread runs host functions, which may not call. */
    static boolean isRunner(Thread thread) {
        return thread instanceof Runner;
    }

    /** Enqueues a function behind what a stream holds. */
    void launch(Lane caller, long context, long stream, HostFunction function) {
        ensureRunner();
        long number = last.incrementAndGet();
        waiting.put(number, function);
        boolean launched = false;
        try {
            caller.call(
                    Call.LAUNCH_HOST_FUNC,
                    LaunchHostFuncRequest.newBuilder()
                            .setContext(context)
                            .setStream(stream)
                            .setFunction(number)
                            .build());
            launched = true;
        } finally {
            if (!launched) {
                waiting.remove(number);
            }
        }
    }

    /** Cuts the lane, which ends the thread. Idempotent. */
    synchronized void cut() {
        if (lane != null) {
            lane.cut();
        }
        waiting.clear();
    }

    private synchronized void ensureRunner() {
        if (lane == null) {
            Lane opened = new Lane(session, session.join(), false);
            lane = opened;
            new Runner(opened).start();
            if (!session.isOpen()) {
                opened.cut();
            }
        }
    }

    /** The thread that runs them. */
    private final class Runner extends Thread {
        private final Lane own;

        Runner(Lane own) {
            super("v4vgpu-host-functions");
            setDaemon(true);
            this.own = own;
        }

        @Override
        public void run() {
            long done = 0;
            long pauseNanos = SHORTEST_PAUSE_NANOS;
            while (session.isOpen()) {
                try {
                    done = runNext(done);
                    pauseNanos = SHORTEST_PAUSE_NANOS;
                } catch (CudaException e) {
                    if (!session.isOpen()) {
                        return;
                    }
                    // The server's word on this one; others still wait for their turn.
                    LOG.log(Level.WARNING, "asking for the next host function failed: {0}", e.getMessage());
                    done = 0;
                    LockSupport.parkNanos(pauseNanos);
                    pauseNanos = Math.min(2 * pauseNanos, LONGEST_PAUSE_NANOS);
                }
            }
        }

        /** Tells what has run, waits for the next function and runs it. Returns its number. */
        private long runNext(long done) {
            NextHostFuncReply next = own.call(
                    Call.NEXT_HOST_FUNC,
                    NextHostFuncRequest.newBuilder().setDone(done).build());
            HostFunction function = waiting.remove(next.getFunction());
            if (function != null) {
                run(function, new CudaStatus(next.getFault()));
            }
            return next.getFunction();
        }

        private static void run(HostFunction function, CudaStatus status) {
            try {
                function.run(status);
            } catch (RuntimeException | Error e) {
                LOG.log(Level.ERROR, "a host function failed", e);
            }
        }
    }
}
