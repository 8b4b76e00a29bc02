package org.v4vgpu.device.ptx.runtime;

import java.util.concurrent.TimeUnit;

/**
 * A part of this process's heap that is shared by all who ask for it, strangers among them. What is taken is only counted: whoever takes
 * gives back. Safe for any thread; allocates nothing.
 */
public final class HeapBudget {
    private final long mostBytes;

    // Guarded by this.
    private long usedBytes;

    public HeapBudget(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** A fraction of the heap, and no more than {@code mostBytes}. */
    public static HeapBudget ofHeap(int fraction, long mostBytes) {
        return new HeapBudget(Math.min(mostBytes, Runtime.getRuntime().maxMemory() / fraction));
    }

    /** Takes so much, or nothing and answers false. */
    public synchronized boolean take(long bytes) {
        if (bytes > mostBytes - usedBytes) {
            return false;
        }
        usedBytes += bytes;
        return true;
    }

    /** As {@link #take(long)}, and waits for it up to a time. */
    synchronized boolean take(long bytes, long timeoutNanos) throws InterruptedException {
        long start = System.nanoTime();
        for (long left = timeoutNanos; left > 0 && bytes > mostBytes - usedBytes; ) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
            left = timeoutNanos - (System.nanoTime() - start);
        }
        return take(bytes);
    }

    /** Takes so much though it be more than there is: for those without whom nothing would go on. */
    synchronized void insist(long bytes) {
        usedBytes += bytes;
    }

    public synchronized void give(long bytes) {
        usedBytes -= bytes;
        notifyAll();
    }

    public long mostBytes() {
        return mostBytes;
    }

    public synchronized long usedBytes() {
        return usedBytes;
    }
}
