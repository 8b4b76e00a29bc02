package org.v4vgpu.bench;

/**
 * One measured figure. Immutable.
 *
 * @param benchmark the experiment's name
 * @param kind what distinguishes figures of one experiment, such as a copy's direction; empty where there is only one kind
 * @param transport see the README
 * @param bytes of one message or copy; 0 for a call without payload
 * @param p50Nanos the median of a round trip, call, copy or message
 * @param p99Nanos its 99th percentile
 * @param megabytesPerSecond one way, in 10^6 bytes; 0 where no bytes move
 */
record Result(
        String benchmark,
        String kind,
        String transport,
        long bytes,
        int pairs,
        long p50Nanos,
        long p99Nanos,
        double megabytesPerSecond) {

    /** Whether the other figure is of the same case over another transport. */
    boolean isSameCase(Result other) {
        return benchmark.equals(other.benchmark)
                && kind.equals(other.kind)
                && bytes == other.bytes
                && pairs == other.pairs;
    }
}
