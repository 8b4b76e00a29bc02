package org.v4vgpu.device.ptx.runtime;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Which accesses of a block are ordered by barriers, by vector clocks with one component per warp. Confined to one worker.
 *
 * <p>Every synchronisation begins a new interval of each warp that takes part; an access is noted with its warp's interval. A warp
 * knows, of every other one, the last interval that synchronisations have ordered before its own. Lanes of a warp share a clock: what
 * orders some of them (a shuffle, a vote, bar.warp.sync) is taken to order all.
 */
final class WarpClocks {
    static final int WARP = 32;

    private final int warps;
    private final int[][] seen;

    /** By barrier: what those that merely arrived have done before. */
    private final int[][] arrived;

    /** By address: what was done before an atomic or volatile access released it. */
    private final Map<Integer, int[]> released = new HashMap<>();

    WarpClocks(int threads) {
        this.warps = (threads + WARP - 1) / WARP;
        this.seen = new int[warps][warps];
        this.arrived = new int[16][warps];
        reset();
    }

    void reset() {
        for (int warp = 0; warp < warps; warp++) {
            Arrays.fill(seen[warp], 0);
            seen[warp][warp] = 1;
        }
        for (int[] each : arrived) {
            Arrays.fill(each, 0);
        }
        released.clear();
    }

    /** The interval that a thread is in. */
    int now(int thread) {
        int warp = thread / WARP;
        return seen[warp][warp];
    }

    /** Whether an access of another thread, in the interval then, is ordered before what a thread does now. */
    boolean isBefore(int other, int then, int thread) {
        int warp = thread / WARP;
        int known = seen[warp][other / WARP];
        return other / WARP == warp ? known > then : known >= then;
    }

    /** All threads have met, those that have ended among them. */
    void barrier() {
        int[] all = new int[warps];
        for (int[] each : seen) {
            join(all, each);
        }
        for (int warp = 0; warp < warps; warp++) {
            learn(warp, all);
        }
    }

    /** A thread has arrived at a barrier where it does not wait. */
    void arrive(int id, int thread) {
        int warp = thread / WARP;
        join(arrived[id], seen[warp]);
        seen[warp][warp]++;
    }

    /** Some threads have met at a barrier, and met what had arrived. */
    void barrier(int id, Iterable<Integer> threads) {
        int[] all = arrived[id].clone();
        boolean[] members = new boolean[warps];
        for (int thread : threads) {
            members[thread / WARP] = true;
        }
        for (int warp = 0; warp < warps; warp++) {
            if (members[warp]) {
                join(all, seen[warp]);
            }
        }
        for (int warp = 0; warp < warps; warp++) {
            if (members[warp]) {
                learn(warp, all);
            }
        }
        Arrays.fill(arrived[id], 0);
    }

    /** Lanes of a warp have met. */
    void warp(int thread) {
        int warp = thread / WARP;
        seen[warp][warp]++;
    }

    /** An atomic or volatile access: what released the address before is ordered before what follows. */
    void acquire(int thread, int address) {
        int[] before = released.get(address);
        if (before != null) {
            join(seen[thread / WARP], before);
        }
    }

    /** An atomic or volatile write: what was done before is ordered before what acquires the address later. */
    void release(int thread, int address) {
        int warp = thread / WARP;
        join(released.computeIfAbsent(address, _ -> new int[warps]), seen[warp]);
        seen[warp][warp]++;
    }

    private void learn(int warp, int[] all) {
        join(seen[warp], all);
        seen[warp][warp]++;
    }

    private static void join(int[] into, int[] other) {
        for (int i = 0; i < into.length; i++) {
            into[i] = Math.max(into[i], other[i]);
        }
    }
}
