package org.v4vgpu.device.cuda;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/**
 * A copy between two contexts, in the order of a stream of one of them or of a third. Safe for any thread. Until it is finished neither of the two
 * frees memory, or is destroyed if the driver has the copy: the marks of their own streams tell nothing of it.
 */
final class PeerCopy extends StreamOperation {
    private final CudaContext issuer;
    private final StreamQueue queue;
    private final CudaContext target;
    private final CudaContext origin;
    private final IssueOrder.Step step;

    // Guarded by this.
    private boolean dropped;
    private @Nullable CudaMark mark;

    /** @param step hands the copy to the driver, for this stream of the issuer's */
    PeerCopy(CudaContext issuer, StreamQueue queue, CudaContext target, CudaContext origin, IssueOrder.Step step) {
        this.issuer = issuer;
        this.queue = queue;
        this.target = target;
        this.origin = origin;
        this.step = step;
    }

    @Override
    synchronized void issue() throws DeviceException {
        if (dropped) {
            throw new DeviceException(CudaStatus.INVALID_CONTEXT, "a context of a copy is closed");
        }
        dropped = true; // unless the driver takes it
        target.lend(() -> origin.lend(step));
        CudaMark behind = new CudaMark(issuer.events(), false);
        mark = behind;
        issuer.events().retire(behind);
        behind.record(queue.handle());
    }

    /** Whether nothing is copied any more: it is done, or never comes to the driver. */
    boolean isFinished() {
        CudaMark behind;
        synchronized (this) {
            behind = mark;
            if (behind == null) {
                dropped |= issuer.isBroken();
                return dropped;
            }
        }
        return issuer.isOver(behind);
    }

    /** It does not go to the driver any more, if it has not yet. */
    synchronized void drop() {
        dropped = true;
    }
}
