package org.v4vgpu.server.session;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.v4v.IncomingMessage;

/**
 * Received messages whose payload a device still reads (a GPU's DMA), in their order. Confined to the lane's thread, as are the messages.
 *
 * <p>Whoever receives the next message may not sleep for it while messages are here: they may be what fills the ring, and their DMA's end what
 * makes room. So {@link #isAny} until the next message is there, or none is here.
 */
final class MovingMessages {
    /** Beyond this the oldest is waited for first: enough to keep a GPU busy, and a bound on what a client's tiny messages cost. */
    private static final int MOST = 16;

    private static final long SHORTEST_NANOS = TimeUnit.MICROSECONDS.toNanos(10);
    private static final long LONGEST_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final ArrayDeque<Moving> moving = new ArrayDeque<>(MOST);

    /** The first thing that went wrong with one of them. */
    private @Nullable DeviceException failure;

    private record Moving(IncomingMessage message, DeviceWork moved) {}

    /** Whether something of a lane's ring is to be had. */
    @FunctionalInterface
    interface Arrival {
        boolean isThere() throws IOException;
    }

    void add(IncomingMessage message, DeviceWork moved) {
        if (moving.size() == MOST) {
            boolean _ = releaseOldest(Long.MAX_VALUE);
        }
        moving.add(new Moving(message, moved));
    }

    /** Releases them as they get free, until something arrives or none is left. */
    void releaseUntil(Arrival arrival) throws IOException {
        long patience = SHORTEST_NANOS;
        while (!moving.isEmpty()) {
            boolean isThere = arrival.isThere();
            if (releaseOldest(isThere ? 0 : patience)) {
                patience = SHORTEST_NANOS;
            } else if (isThere) {
                return;
            } else {
                patience = Math.min(2 * patience, LONGEST_NANOS);
            }
        }
    }

    /** Waits for all. @throws DeviceException what went wrong with any since the last time */
    void await() throws DeviceException {
        while (!moving.isEmpty()) {
            boolean _ = releaseOldest(Long.MAX_VALUE);
        }
        DeviceException thrown = failure;
        failure = null;
        if (thrown != null) {
            throw thrown;
        }
    }

    /** Releases all: their copy is closed, and the device reads none of them. */
    void release() {
        for (Moving each : moving) {
            each.message.close();
        }
        moving.clear();
        failure = null;
    }

    private boolean releaseOldest(long timeoutNanos) {
        Moving oldest = moving.element();
        try {
            if (!oldest.moved.await(timeoutNanos)) {
                return false;
            }
        } catch (DeviceException e) {
            failure = failure == null ? e : failure; // and the bytes do not move any more
        }
        moving.remove();
        oldest.message.close();
        return true;
    }
}
