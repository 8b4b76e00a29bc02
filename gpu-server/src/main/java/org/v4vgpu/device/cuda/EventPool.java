package org.v4vgpu.device.cuda;

import java.util.ArrayDeque;
import org.v4vgpu.device.DeviceException;

/**
 * The driver's events of one context, lent to marks and taken back when these are done. Safe for any thread that has the context
 * current. The events go with the context.
 */
final class EventPool {
    private static final int DISABLE_TIMING = 2;

    /** How many retired marks are looked at when an event is wanted: as many go as come. */
    private static final int LOOKS = 4;

    // Guarded by this.
    private final ArrayDeque<Long> timed = new ArrayDeque<>();
    private final ArrayDeque<Long> untimed = new ArrayDeque<>();
    private final ArrayDeque<CudaMark> retired = new ArrayDeque<>();

    /** Nobody will ask for this mark's time, so its event may go when it is done. */
    synchronized void retire(CudaMark mark) {
        retired.add(mark);
    }

    synchronized long take(boolean isTimed) throws DeviceException {
        for (int looks = Math.min(LOOKS, retired.size()); looks > 0; looks--) {
            CudaMark mark = retired.remove();
            long event = mark.giveBack();
            if (event == 0) {
                retired.add(mark);
            } else {
                (mark.isTimed() ? timed : untimed).add(event);
            }
        }
        Long event = (isTimed ? timed : untimed).poll();
        return event == null ? DriverStreams.createEvent(isTimed ? 0 : DISABLE_TIMING) : event;
    }

    /** Milliseconds between two marks, neither of which is retired before this begins. */
    synchronized float elapsedMillis(CudaMark start, CudaMark end) throws DeviceException {
        return end.since(start);
    }
}
