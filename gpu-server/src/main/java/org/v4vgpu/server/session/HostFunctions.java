package org.v4vgpu.server.session;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceHold;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.proto.CudaStatus;

/**
 * The functions that a session's streams wait for and that its client runs. Safe for any thread.
 *
 * <p>A function is pending from its launch until the client says that it has run. One whose context breaks before its turn comes is
 * told to the client as well, with the fault: callbacks want to know.
 */
final class HostFunctions {
    private final int maximum;
    private final Map<Long, Pending> pending = new ConcurrentHashMap<>();
    private final LinkedBlockingQueue<Long> reached = new LinkedBlockingQueue<>();

    HostFunctions(int maximum) {
        this.maximum = maximum;
    }

    /** What the client is told: the function, and the status of its context. */
    record Turn(long function, CudaStatus fault) {}

    /** A launched function; its hold is there as soon as the stream has it. */
    private static final class Pending {
        private volatile @Nullable DeviceHold hold;

        /** Whether the client was told. Guarded by this. */
        private boolean told;

        synchronized boolean tell() {
            boolean first = !told;
            told = true;
            return first;
        }
    }

    /**
     * Enqueues a function. By a call whose turn in the session's sequence it is: so the client can't finish it before.
     *
     * @throws DeviceException INVALID_VALUE for a number that is in use, OUT_OF_MEMORY beyond the maximum
     */
    void launch(DeviceStream stream, long function) throws DeviceException {
        if (pending.size() >= maximum) {
            throw new DeviceException(
                    CudaStatus.OUT_OF_MEMORY, "the session has " + maximum + " pending host functions, its maximum");
        }
        Pending launched = new Pending();
        if (function == 0 || pending.putIfAbsent(function, launched) != null) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "a host function with the number " + function);
        }
        try {
            launched.hold = stream.hold(() -> reached.add(function));
        } catch (DeviceException e) {
            pending.remove(function);
            throw e;
        }
    }

    /** The client has run a function: its stream goes on. @throws DeviceException INVALID_VALUE if it is not pending */
    void finish(long function) throws DeviceException {
        Pending finished = pending.remove(function);
        if (finished == null) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "no host function with the number " + function);
        }
        DeviceHold hold = finished.hold;
        if (hold != null) {
            hold.close();
        }
    }

    /** The function whose turn has come; null if there is none within the timeout. */
    @Nullable
    Turn next(long timeoutNanos) {
        try {
            Long function = reached.poll(timeoutNanos, TimeUnit.NANOSECONDS);
            if (function == null) {
                return dropped();
            }
            Pending turn = pending.get(function);
            return turn != null && turn.tell() ? new Turn(function, CudaStatus.SUCCESS) : null;
        } catch (InterruptedException e) {
            throw new IllegalStateException("a lane was interrupted", e);
        }
    }

    /** A function whose context broke before its turn. Looked for when nothing else happens. */
    private @Nullable Turn dropped() {
        for (Map.Entry<Long, Pending> each : pending.entrySet()) {
            DeviceHold hold = each.getValue().hold;
            try {
                if (hold != null) {
                    hold.isReached();
                }
            } catch (DeviceException e) {
                if (each.getValue().tell()) {
                    return new Turn(each.getKey(), e.status());
                }
            }
        }
        return null;
    }
}
