package org.v4vgpu.bench.result;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

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
 * @param residentBytes of memory that the server's process has, once this was measured; negative where nobody looked
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
        long residentBytes,
        Turns turns) {
    public static final int NOT_COUNTED = -1;

    private static final String SOCKETS = "tcp";

    /** The transports that ratios against TCP take the faster of where bare messages are measured. */
    private static final List<String> TCP = List.of(SOCKETS, "tcp-netty");

    /** Those where calls and copies are, which plain sockets do not carry. */
    private static final List<String> CALLS_TCP = List.of("tcp-channel", "tcp-netty");

    /** Sockets over the bridge where bare messages are measured, this project's channel where calls are. */
    private static final List<String> BRIDGES = List.of("tcp-bridge", "tcp-bridge-channel");

    private static final String JAVA = "java";
    private static final String POCL = "pocl";

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
                NOT_COUNTED,
                turns);
    }

    /** The same, with the memory of the server's process. */
    public Result withResident(long bytes) {
        return new Result(
                benchmark,
                kind,
                transport,
                this.bytes,
                pairs,
                p50Nanos,
                p99Nanos,
                megabytesPerSecond,
                allocatedBytes,
                bytes,
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
        return TCP.contains(transport) || CALLS_TCP.contains(transport);
    }

    /**
     * The faster of {@code tcp} and {@code tcp-netty} of the same case, or where there is no {@code tcp} that of {@code tcp-channel} and {@code
     * tcp-netty}; none for any of these.
     */
    public Optional<Result> tcpAmong(List<Result> results) {
        if (isTcp()) {
            return Optional.empty();
        }
        boolean bare =
                sameCase(results, other -> other.transport.equals(SOCKETS)).isPresent();
        return sameCase(results, other -> (bare ? TCP : CALLS_TCP).contains(other.transport));
    }

    public boolean isOverBridge() {
        return BRIDGES.contains(transport);
    }

    /** TCP over the bridge of the same case, unless this is it. */
    public Optional<Result> bridgeAmong(List<Result> results) {
        return isOverBridge() ? Optional.empty() : sameCase(results, Result::isOverBridge);
    }

    /** None where bytes were counted and not times. */
    private Optional<Result> sameCase(List<Result> results, Predicate<Result> wanted) {
        if (allocatedBytes >= 0) {
            return Optional.empty();
        }
        return results.stream().filter(wanted.and(this::isSameCase)).min(Comparator.comparingLong(Result::p50Nanos));
    }

    /** Java loops that do the same work; none for what is not of this project. */
    public Optional<Result> javaAmong(List<Result> results) {
        return isForeign() ? Optional.empty() : sameCase(results, other -> other.transport.equals(JAVA));
    }

    /** The same kernel as OpenCL on PoCL; none for what is not of this project. */
    public Optional<Result> poclAmong(List<Result> results) {
        return isForeign() ? Optional.empty() : sameCase(results, other -> other.transport.equals(POCL));
    }

    /** Whether it is of loops in Java or of PoCL, which this project's own is held against. */
    public boolean isForeign() {
        return transport.equals(JAVA) || transport.equals(POCL);
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
