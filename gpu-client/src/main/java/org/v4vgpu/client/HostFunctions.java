package org.v4vgpu.client;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
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
            try {
                while (session.isOpen()) {
                    NextHostFuncReply next = own.call(
                            Call.NEXT_HOST_FUNC,
                            NextHostFuncRequest.newBuilder().setDone(done).build());
                    done = next.getFunction();
                    HostFunction function = waiting.remove(done);
                    if (function != null) {
                        run(function, new CudaStatus(next.getFault()));
                    }
                }
            } catch (CudaException e) {
                if (session.isOpen()) {
                    LOG.log(Level.ERROR, "no more host functions are run: {0}", e.getMessage());
                }
            }
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
