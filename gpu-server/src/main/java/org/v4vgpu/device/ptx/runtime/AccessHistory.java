package org.v4vgpu.device.ptx.runtime;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Who touched each byte of a block's shared memory last: one write and two reads by different threads, which is enough to find some
 * race where there is one. Confined to one worker.
 */
final class AccessHistory {
    private static final int NOBODY = -1;

    /** The accesses of one kind to each byte: by which thread, in which interval of its warp, at which line, and whether atomic. */
    private static final class Column {
        final int[] thread;
        final int[] interval;
        final int[] line;
        final boolean[] strong;

        Column(int bytes) {
            thread = new int[bytes];
            interval = new int[bytes];
            line = new int[bytes];
            strong = new boolean[bytes];
        }
    }

    /** An earlier access that no barrier orders with the one at hand. */
    record Conflict(int thread, int line, boolean write) {}

    private final Column writes;
    private final Column reads;
    private final Column otherReads;
    private final boolean[] written;

    AccessHistory(int bytes) {
        writes = new Column(bytes);
        reads = new Column(bytes);
        otherReads = new Column(bytes);
        written = new boolean[bytes];
    }

    int bytes() {
        return written.length;
    }

    /** A new block begins: its shared memory holds nothing. */
    void clear() {
        Arrays.fill(written, false);
        forget();
    }

    /** Forgets who touched what. */
    void forget() {
        Arrays.fill(writes.thread, NOBODY);
        Arrays.fill(reads.thread, NOBODY);
        Arrays.fill(otherReads.thread, NOBODY);
    }

    /** Takes everything as written. */
    void fill() {
        Arrays.fill(written, true);
        forget();
    }

    boolean isWritten(int at) {
        return written[at];
    }

    void wrote(int at, int thread, int interval, int line, boolean strong) {
        written[at] = true;
        note(writes, at, thread, interval, line, strong);
    }

    void read(int at, int thread, int interval, int line, boolean strong) {
        if (reads.thread[at] != NOBODY && reads.thread[at] != thread) {
            note(otherReads, at, reads.thread[at], reads.interval[at], reads.line[at], reads.strong[at]);
        }
        note(reads, at, thread, interval, line, strong);
    }

    /** An earlier write that races with what a thread does now, or null. */
    @Nullable
    Conflict writeBeside(int at, int thread, boolean strong, WarpClocks clocks) {
        return races(writes, at, thread, strong, clocks)
                ? new Conflict(writes.thread[at], writes.line[at], true)
                : null;
    }

    /** An earlier read that races with what a thread writes now, or null. */
    @Nullable
    Conflict readBeside(int at, int thread, boolean strong, WarpClocks clocks) {
        for (Column column : new Column[] {reads, otherReads}) {
            if (races(column, at, thread, strong, clocks)) {
                return new Conflict(column.thread[at], column.line[at], false);
            }
        }
        return null;
    }

    private static boolean races(Column column, int at, int thread, boolean strong, WarpClocks clocks) {
        int other = column.thread[at];
        return other != NOBODY
                && other != thread
                && !(strong && column.strong[at])
                && !clocks.isBefore(other, column.interval[at], thread);
    }

    private static void note(Column column, int at, int thread, int interval, int line, boolean strong) {
        column.thread[at] = thread;
        column.interval[at] = interval;
        column.line[at] = line;
        column.strong[at] = strong;
    }
}
