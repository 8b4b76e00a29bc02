package org.v4vgpu.bench.result;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * One measured figure. Immutable.
 *
 * @param benchmark the experiment's name
 * @param kind what distinguishes figures of one experiment, such as a copy's direction; empty where there is only one kind
 * @param transport see the README
 * @param bytes of one message, copy or matrix; 0 for a call without payload
 * @param pairs of threads that work at the same time
 * @param p50Nanos the median of a round trip, call, copy or message
 * @param p99Nanos its 99th percentile
 * @param megabytesPerSecond one way, in 10^6 bytes; 0 where no bytes move
 * @param allocatedBytes of the Java heap, per message or call; negative where nobody counted
 * @param turns what p50 and p99 are from
 */
public record Result(
        String benchmark,
        String kind,
        String transport,
        long bytes,
        int pairs,
        long p50Nanos,
        long p99Nanos,
        double megabytesPerSecond,
        double allocatedBytes,
        Turns turns) {
    public static final double NOT_COUNTED = -1;

    /** The transports that ratios against TCP take the fastest of. */
    private static final List<String> TCP = List.of("tcp", "tcp-channel", "tcp-netty");

    private static final String BRIDGE = "tcp-bridge";

    /** A figure whose samples are times in which {@code bytes} move one way, or 0 where none move. */
    public static Result of(
            String benchmark, String kind, String transport, long bytes, int pairs, Turns turns, double rate) {
        return new Result(
                benchmark,
                kind,
                transport,
                bytes,
                pairs,
                turns.percentile(50),
                turns.percentile(99),
                rate,
                NOT_COUNTED,
                turns);
    }

    /** As {@link #of}, of a case with one pair whose median time moves all bytes. */
    public static Result ofTransfer(String benchmark, String kind, String transport, long bytes, Turns turns) {
        return of(benchmark, kind, transport, bytes, 1, turns, bytes * 1e3 / turns.percentile(50));
    }

    /** Whether the other figure is of the same case over another transport. */
    public boolean isSameCase(Result other) {
        return benchmark.equals(other.benchmark)
                && kind.equals(other.kind)
                && bytes == other.bytes
                && pairs == other.pairs;
    }

    /** Whether the other figure is of the same case over the same transport, in another run. */
    public boolean isSameFigure(Result other) {
        return isSameCase(other) && transport.equals(other.transport);
    }

    public boolean isTcp() {
        return TCP.contains(transport);
    }

    /** The fastest TCP over loopback of the same case, unless this is one of them. */
    public Optional<Result> tcpAmong(List<Result> results) {
        return isTcp()
                ? Optional.empty()
                : results.stream()
                        .filter(other -> other.isTcp() && other.isSameCase(this))
                        .min(Comparator.comparingLong(Result::p50Nanos));
    }

    /** TCP over the bridge of the same case, unless this is it. */
    public Optional<Result> bridgeAmong(List<Result> results) {
        return transport.equals(BRIDGE)
                ? Optional.empty()
                : results.stream()
                        .filter(other -> other.transport.equals(BRIDGE) && other.isSameCase(this))
                        .findFirst();
    }

    /** How many times as fast as {@link #tcpAmong} this is. */
    public Optional<Ratio> tcpRatioAmong(List<Result> results) {
        return tcpAmong(results).map(this::ratioTo);
    }

    /** How many times as fast as {@link #bridgeAmong} this is. */
    public Optional<Ratio> bridgeRatioAmong(List<Result> results) {
        return bridgeAmong(results).map(this::ratioTo);
    }

    /** How many times as fast as the other this is. */
    public Ratio ratioTo(Result other) {
        return Ratio.paired(other.turns, turns);
    }
}
