package org.v4vgpu.server.session;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.Semaphore;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceHold;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.DeviceWork;

/**
 * Streams of one session that wait for events of other contexts, perhaps of other devices. Safe for any thread.
 *
 * <p>No device knows another one's order, so the host stands between: the stream is held until the event's latest record is done. A
 * thread waits for that; when there are many, the lane itself does.
 */
final class ForeignEvents {
    private static final Logger LOG = System.getLogger(ForeignEvents.class.getName());

    private static final int MOST_THREADS = 16;

    private final Semaphore threads = new Semaphore(MOST_THREADS);

    /** Has what is enqueued in the stream from now on wait for the event. */
    void delay(LaneCall call, DeviceStream stream, Resource.Event event) throws DeviceException, IOException {
        if (event.device().isDone()) {
            return;
        }
        DeviceWork recorded = event.device().recorded();
        if (!threads.tryAcquire()) {
            call.await(recorded);
            return;
        }
        boolean started = false;
        try {
            DeviceHold hold = stream.hold(() -> {});
            try {
                Thread.ofPlatform()
                        .daemon()
                        .name(Thread.currentThread().getName() + "-event")
                        .start(() -> await(recorded, hold));
                started = true;
            } finally {
                if (!started) {
                    hold.close();
                }
            }
        } finally {
            if (!started) {
                threads.release();
            }
        }
    }

    /** A context that is cancelled or breaks ends the wait: its work is done, as far as it ever will be. */
    private void await(DeviceWork recorded, DeviceHold hold) {
        try {
            boolean done = recorded.await(Long.MAX_VALUE);
            assert done;
        } catch (DeviceException e) {
            LOG.log(Level.DEBUG, "a stream waits no more for an event of a broken context: {0}", e.getMessage());
        } finally {
            hold.close();
            threads.release();
        }
    }
}
