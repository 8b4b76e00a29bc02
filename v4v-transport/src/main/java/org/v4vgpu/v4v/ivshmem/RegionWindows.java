package org.v4vgpu.v4v.ivshmem;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.Window;

/**
 * Memory that domains of a region share: chunks of its owner, named by the first one. Safe for any thread.
 *
 * <p>Who opens a window checks that its chunks are the owner's in his present life; that it was meant for somebody else, nothing can
 * tell in a region that all may write. As its user he keeps the chunks when the owner closes the window, leaves or dies, until he
 * closes it himself, leaves or dies. A domain that has left, or was taken for dead, keeps nothing: what it still has mapped may be
 * somebody else's a second later.
 */
final class RegionWindows {
    /** Windows leave this part of a region to rings. */
    private static final int RESERVED_PARTS = 4;

    private final Region region;
    private final RingSpace space;
    private final long tag;

    // Guarded by this.
    private final List<Chunks> retired = new ArrayList<>();
    private int places;

    /** Those of a window that was closed. */
    private record Chunks(int first, int count) {}

    RegionWindows(Region region, RingSpace space, RegionClaim claim) {
        this.region = region;
        this.space = space;
        this.tag = claim.tag();
    }

    /** Makes a window. Waits for the space that dead domains have left if there is no other. The caller holds the region. */
    Window share(long lengthBytes) throws ArgoException {
        int count = chunksOf(lengthBytes);
        takePlace();
        boolean isMade = false;
        try {
            Window window = make(count, lengthBytes);
            isMade = true;
            return window;
        } finally {
            if (!isMade) {
                giveBackPlace();
            }
        }
    }

    private synchronized void takePlace() throws ArgoException {
        if (places >= V4vHypervisor.WINDOWS_PER_DOMAIN) {
            throw new ArgoException(
                    ArgoError.ENOSPC, "this domain has " + V4vHypervisor.WINDOWS_PER_DOMAIN + " windows already");
        }
        places++;
    }

    private synchronized void giveBackPlace() {
        places--;
    }

    private Window make(int count, long lengthBytes) throws ArgoException {
        int chunk = space.allocate(count, region.chunks() / RESERVED_PARTS, tag); // may wait, so no lock is held
        if (chunk < 0) {
            throw new ArgoException(
                    ArgoError.ENOMEM, region + " has no space for a window of " + lengthBytes + " bytes");
        }
        boolean isMapped = false;
        try {
            region.slice(chunk, bytes(count)).fill((byte) 0);
            Window window = map(chunk, count, () -> retire(new Chunks(chunk, count)));
            isMapped = true;
            return window;
        } finally {
            if (!isMapped) {
                space.free(chunk, count, tag);
            }
        }
    }

    /** Maps a window of an owner, whose life the tag is. The caller holds the region. */
    Window open(long name, long lengthBytes, long ownerTag) throws ArgoException {
        int count = chunksOf(lengthBytes);
        if (!space.tryUse(name, count, ownerTag, tag)) {
            throw new ArgoException(
                    ArgoError.ECONNREFUSED,
                    "domain " + RegionDescriptor.domainOf(ownerTag) + " has no window " + name + " of " + lengthBytes
                            + " bytes in " + region + " that nobody has opened");
        }
        int chunk = (int) name;
        boolean isMapped = false;
        try {
            Window window = map(chunk, count, () -> space.leave(chunk, count, tag));
            isMapped = true;
            return window;
        } finally {
            if (!isMapped) {
                space.leave(chunk, count, tag);
            }
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the window's
    private Window map(int chunk, int count, Runnable unmapped) {
        Arena arena = Arena.ofShared();
        try {
            return new Window(chunk, region.view(chunk, bytes(count), arena, unmapped), arena, () -> {});
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private static long bytes(int chunks) {
        return (long) chunks * RegionDescriptor.CHUNK_BYTES;
    }

    private int chunksOf(long bytes) throws ArgoException {
        if (bytes <= 0) {
            throw new ArgoException(ArgoError.EINVAL, "a window of " + bytes + " bytes");
        }
        if (bytes > bytes(region.chunks())) {
            throw new ArgoException(ArgoError.ENOMEM, "a window of " + bytes + " bytes exceeds " + region);
        }
        return RegionDescriptor.chunksOf(bytes);
    }

    private synchronized void retire(Chunks chunks) {
        places--;
        if (!tryFree(chunks)) {
            retired.add(chunks);
        }
    }

    private boolean tryFree(Chunks chunks) {
        return space.tryFree(chunks.first, chunks.count, tag);
    }

    /** Gives back what nobody uses any more. The caller holds the region. */
    synchronized void notice() {
        retired.removeIf(this::tryFree);
    }
}
