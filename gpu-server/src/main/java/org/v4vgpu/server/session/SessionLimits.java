package org.v4vgpu.server.session;

/**
 * What one client may have. Immutable.
 *
 * @param memoryBytes device memory of one session, over all its contexts; 0 for as much as the device has
 * @param lanes connections of one session
 * @param handles contexts, modules, functions, streams and events of one session; also, counted apart, its allocations
 * @param contexts contexts of one session; each reserves address space for all of the device's memory
 * @param sessions sessions at a time
 * @param missingNumberNanos how long the number of a call may be missing that none of the session's lanes brings, before the
 *     session ends
 */
public record SessionLimits(
        long memoryBytes, int lanes, int handles, int contexts, int sessions, long missingNumberNanos) {
    public static final SessionLimits DEFAULT = new SessionLimits(0, 64, 65_536, 16, 256, 10_000_000_000L);

    public SessionLimits {
        if (memoryBytes < 0 || lanes < 1 || handles < 1 || contexts < 1 || sessions < 1 || missingNumberNanos < 1) {
            throw new IllegalArgumentException(
                    "a limit below 1: " + memoryBytes + " bytes, " + lanes + " lanes, " + handles + " handles, "
                            + contexts + " contexts, " + sessions + " sessions, " + missingNumberNanos + " ns");
        }
    }

    public SessionLimits withMemoryBytes(long bytes) {
        return new SessionLimits(bytes, lanes, handles, contexts, sessions, missingNumberNanos);
    }

    public SessionLimits withLanes(int count) {
        return new SessionLimits(memoryBytes, count, handles, contexts, sessions, missingNumberNanos);
    }

    public SessionLimits withMissingNumberNanos(long nanos) {
        return new SessionLimits(memoryBytes, lanes, handles, contexts, sessions, nanos);
    }
}
