package org.v4vgpu.server.session;

/**
 * What one client may have. Immutable.
 *
 * @param memoryBytes device memory of one session, over all its contexts; 0 for as much as the device has
 * @param windowBytes of a client's own memory that the server maps for it; all clients together have four times as much
 * @param lanes connections of one session
 * @param handles contexts, modules, functions, streams and events of one session; also, counted apart, its allocations
 * @param contexts contexts of one session; each reserves address space for all of the device's memory
 * @param sessions sessions at a time
 * @param missingNumberNanos how long the number of a call may be missing that none of the session's lanes brings, before the
 *     session ends
 */
public record SessionLimits(
        long memoryBytes,
        long windowBytes,
        int lanes,
        int handles,
        int contexts,
        int sessions,
        long missingNumberNanos) {
    public static final SessionLimits DEFAULT = new SessionLimits(0, 1L << 30, 64, 65_536, 16, 256, 10_000_000_000L);

    public SessionLimits {
        if (memoryBytes < 0
                || windowBytes < 0
                || lanes < 1
                || handles < 1
                || contexts < 1
                || sessions < 1
                || missingNumberNanos < 1) {
            throw new IllegalArgumentException("a limit below 1: " + memoryBytes + " bytes, " + windowBytes
                    + " bytes of windows, " + lanes + " lanes, " + handles + " handles, " + contexts + " contexts, "
                    + sessions + " sessions, " + missingNumberNanos + " ns");
        }
    }

    public SessionLimits withMemoryBytes(long bytes) {
        return new SessionLimits(bytes, windowBytes, lanes, handles, contexts, sessions, missingNumberNanos);
    }

    public SessionLimits withWindowBytes(long bytes) {
        return new SessionLimits(memoryBytes, bytes, lanes, handles, contexts, sessions, missingNumberNanos);
    }

    public SessionLimits withLanes(int count) {
        return new SessionLimits(memoryBytes, windowBytes, count, handles, contexts, sessions, missingNumberNanos);
    }

    public SessionLimits withMissingNumberNanos(long nanos) {
        return new SessionLimits(memoryBytes, windowBytes, lanes, handles, contexts, sessions, nanos);
    }
}
