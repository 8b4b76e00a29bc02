package org.v4vgpu.device.cuda;

import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.device.DeviceException;

/** The copies from and to one context's memory that are in streams of other contexts, or of its own. Safe for any thread. */
final class PeerCopies {
    // Guarded by this.
    private final List<PeerCopy> copies = new ArrayList<>();

    /** Before its ranges are checked, so that what is freed from then on sees it. */
    void add(PeerCopy copy) {
        unfinished(); // or those that are over would gather
        synchronized (this) {
            copies.add(copy);
        }
    }

    /** Those that are not over. */
    List<PeerCopy> unfinished() {
        List<PeerCopy> known;
        synchronized (this) {
            if (copies.isEmpty()) {
                return List.of();
            }
            known = List.copyOf(copies);
        }
        List<PeerCopy> unfinished = new ArrayList<>(known);
        unfinished.removeIf(PeerCopy::isFinished);
        synchronized (this) {
            copies.removeIf(copy -> known.contains(copy) && !unfinished.contains(copy));
        }
        return unfinished;
    }

    static boolean areFinished(List<PeerCopy> copies) {
        return copies.stream().allMatch(PeerCopy::isFinished);
    }

    /** The context is closed, and lends nothing any more: waits for what the driver has, and drops the rest. */
    void close() throws DeviceException {
        unfinished().forEach(PeerCopy::drop);
        boolean _ = CompletionWait.until(() -> unfinished().isEmpty(), Long.MAX_VALUE);
    }
}
