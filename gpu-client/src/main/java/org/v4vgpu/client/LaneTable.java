package org.v4vgpu.client;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.v4v.MessageChannel;

/**
 * Which thread has which lane. Safe for any thread.
 *
 * <p>A platform thread gets a lane with its first call and keeps it until it ends; a daemon thread looks twice a second for
 * lanes whose owners have ended, and closes them. The last such lane is kept for whoever comes next, because a session ends with
 * its last lane. The last lane that the server grants is shared by all threads that come after or get none; virtual threads share it from the
 * start, since a lane costs two rings and a thread of the server.
 */
final class LaneTable {
    private static final Logger LOG = System.getLogger(LaneTable.class.getName());
    private static final long SWEEP_INTERVAL_MILLIS = 500;

    /** Lanes that have said goodbye count at the server until their threads there have ended: so many are left free. */
    private static final int MARGIN = 4;

    private final GpuSession session;
    /** How many lanes may be owned, beside the shared one. */
    private final int maximumOwned;

    @SuppressWarnings("ThreadLocalUsage") // a lane belongs to a thread and a session, of which there are few
    private final ThreadLocal<@Nullable Lane> mine = new ThreadLocal<>();

    private final CountDownLatch closed = new CountDownLatch(1);

    /** Guarded by this. */
    private final List<Owned> owned = new ArrayList<>();

    /** Lanes that are being opened. Guarded by this. */
    private int opening;

    /** Guarded by this. */
    private boolean sweeping;

    /** Guarded by {@link #sharing}, except that {@link #cut} may read it. */
    private volatile @Nullable Lane shared;

    private final Object sharing = new Object();

    /** @param maximum how many lanes the server grants; if it is one, all threads share it */
    LaneTable(GpuSession session, int maximum, MessageChannel first) {
        this.session = session;
        this.maximumOwned = maximum == 1 ? 0 : Math.max(1, maximum - 1 - Math.min(MARGIN, maximum / MARGIN));
        if (maximum == 1) {
            this.shared = new Lane(session, first, true);
        } else {
            Lane lane = new Lane(session, first, false);
            owned.add(new Owned(Thread.currentThread(), lane));
            mine.set(lane);
        }
    }

    /** The calling thread's lane. */
    Lane current() {
        Lane lane = mine.get();
        return lane != null ? lane : attach();
    }

    private Lane attach() {
        session.ensureOpen();
        Thread thread = Thread.currentThread();
        if (HostFunctions.isRunner(thread)) {
            throw new CudaException(CudaStatus.NOT_PERMITTED, "calls to the GPU from a host function or a callback");
        }
        Lane lane = thread.isVirtual() ? null : adopt(thread);
        if (lane == null) {
            lane = !thread.isVirtual() && reserve() ? open(thread) : null;
        }
        if (lane == null) {
            lane = shared();
        }
        mine.set(lane);
        return lane;
    }

    /** Takes over the lane of a thread that has ended, unless an error of its calls may still be to come: that is not ours. */
    private synchronized @Nullable Lane adopt(Thread thread) {
        for (Owned each : owned) {
            if (!each.owner.isAlive() && !each.lane.hasUnread()) {
                each.owner = thread;
                return each.lane;
            }
        }
        return null;
    }

    /** Whether one more lane may be opened beside the shared one. */
    private synchronized boolean reserve() {
        if (owned.size() + opening >= maximumOwned) {
            return false;
        }
        opening++;
        return true;
    }

    /** Opens a lane, or returns null if the server or the transport has no more of them. */
    private @Nullable Lane open(Thread thread) {
        @Nullable Lane lane = null;
        try {
            lane = new Lane(session, session.join(), false);
            return lane;
        } catch (CudaException e) {
            LOG.log(Level.INFO, "{0} shares a lane: {1}", thread.getName(), e.getMessage());
            return null;
        } finally {
            synchronized (this) {
                opening--;
                if (lane != null) {
                    owned.add(new Owned(thread, lane));
                    startSweeping();
                }
            }
            if (lane != null && !session.isOpen()) {
                lane.cut();
            }
        }
    }

    private Lane shared() {
        synchronized (sharing) {
            Lane lane = shared;
            if (lane == null) {
                lane = new Lane(session, session.join(), true);
                shared = lane;
                if (!session.isOpen()) {
                    lane.cut();
                }
            }
            return lane;
        }
    }

    private void startSweeping() {
        if (!sweeping) {
            sweeping = true;
            Thread.ofPlatform().daemon().name("v4vgpu-lanes").start(this::sweep);
        }
    }

    private void sweep() {
        try {
            while (!closed.await(SWEEP_INTERVAL_MILLIS, TimeUnit.MILLISECONDS)) {
                for (Lane orphan : takeOrphans()) {
                    orphan.leave();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized List<Lane> takeOrphans() {
        List<Lane> orphans = new ArrayList<>();
        int left = owned.size() + opening + (shared != null ? 1 : 0);
        for (Iterator<Owned> each = owned.iterator(); each.hasNext() && left > 1; ) {
            Owned next = each.next();
            if (!next.owner.isAlive()) {
                each.remove();
                orphans.add(next.lane);
                left--;
            }
        }
        return orphans;
    }

    /** Says goodbye on the calling thread's own lane and on those that no thread uses; the others are cut afterwards. */
    void leave() {
        closed.countDown();
        List<Lane> leaving = new ArrayList<>();
        synchronized (this) {
            for (Iterator<Owned> each = owned.iterator(); each.hasNext(); ) {
                Owned next = each.next();
                if (!next.owner.isAlive() || next.owner == Thread.currentThread()) {
                    each.remove();
                    leaving.add(next.lane);
                }
            }
        }
        leaving.forEach(Lane::leave);
    }

    /** Cuts every connection. Idempotent. */
    void cut() {
        closed.countDown();
        List<Lane> lanes = new ArrayList<>();
        synchronized (this) {
            owned.forEach(each -> lanes.add(each.lane));
        }
        Lane common = shared;
        if (common != null) {
            lanes.add(common);
        }
        lanes.forEach(Lane::cut);
    }

    /** A lane and the thread that it belongs to. */
    private static final class Owned {
        private Thread owner;
        private final Lane lane;

        Owned(Thread owner, Lane lane) {
            this.owner = owner;
            this.lane = lane;
        }
    }
}
