package org.v4vgpu.device.ptx.random;

/** The registers of all threads of a block, as bits, and its shared memory: what the interpreter works on. */
final class Machine {
    static final int WORDS = 8;
    static final int LONGS = 4;
    static final int FLOATS = 4;
    static final int PREDICATES = 4;

    final int threads;
    final int[][] words;
    final long[][] longs;
    final float[][] floats;
    final boolean[][] predicates;
    final int[] shared;
    final int[] local;

    Machine(int threads) {
        this.threads = threads;
        words = new int[WORDS][threads];
        longs = new long[LONGS][threads];
        floats = new float[FLOATS][threads];
        predicates = new boolean[PREDICATES][threads];
        shared = new int[threads];
        local = new int[threads];
    }

    /** Everything that a thread has, in one number. */
    long digest(int thread) {
        long digest = 0;
        for (int[] row : words) {
            digest = digest * 31 + (row[thread] & 0xFFFF_FFFFL);
        }
        for (long[] row : longs) {
            digest = digest * 31 + row[thread];
        }
        for (float[] row : floats) {
            digest = digest * 31 + (Float.floatToIntBits(row[thread]) & 0xFFFF_FFFFL);
        }
        for (boolean[] row : predicates) {
            digest = digest * 31 + (row[thread] ? 1 : 0);
        }
        return digest;
    }
}
