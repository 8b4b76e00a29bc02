package org.v4vgpu.device;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a device's work that comes after others: its turn is when all that it follows is over. For implementations of the SPI. Its
 * links are guarded by a lock of whoever orders the work; {@link #isOver()} is safe for any thread.
 *
 * @param <W> what follows each other
 */
public abstract class OrderedWork<W extends OrderedWork<W>> {
    // SYNC: work-over. Written under the orderer's lock, after the work; read without it by who waits.
    private volatile boolean over;

    private int predecessors;
    private @Nullable List<W> followers;

    /** This. */
    protected abstract W self();

    /** Whether it is done, handed over, or dropped. */
    public final boolean isOver() {
        return over;
    }

    /** This one's turn comes after the other's. */
    public final void follow(@Nullable W other) {
        if (other != null) {
            OrderedWork<W> before = other;
            before.precede(self());
        }
    }

    private void precede(W follower) {
        if (over) {
            return;
        }
        if (followers == null) {
            followers = new ArrayList<>(2);
        }
        followers.add(follower);
        OrderedWork<W> behind = follower;
        behind.predecessors++;
    }

    /** Whether it is its turn. */
    public final boolean isReady() {
        return predecessors == 0;
    }

    /** Its turn is over; adds to {@code ready} whom it held up last. */
    public final void end(Queue<? super W> ready) {
        over = true;
        if (followers == null) {
            return;
        }
        // One may be in the list twice, by its stream and by an event.
        for (W follower : followers) {
            OrderedWork<W> behind = follower;
            behind.predecessors--;
            if (behind.predecessors == 0) {
                ready.add(follower);
            }
        }
        followers = null;
    }
}
