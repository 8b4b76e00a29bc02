package org.v4vgpu.bench;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Shares a run's minutes among its experiments, so that a report ends when it is promised: each gets the share that it takes on two idle
 * processors, more where those before it have left some, less where they took longer. What an experiment does not come to within its
 * share it leaves out, turns first ({@link Interleaving}). One thread uses it.
 */
final class TimePlan {
    /** What an experiment takes, in seconds, with the start of its processes. */
    private record Share(int quick, int full) {}

    /** The full ones together stay under 20 minutes, with what a run takes beside them. */
    private static final Map<String, Share> SHARES = Map.ofEntries(
            Map.entry("pingpong", new Share(24, 125)),
            Map.entry("bandwidth", new Share(16, 105)),
            Map.entry("allocation", new Share(8, 35)),
            Map.entry("rpc", new Share(12, 25)),
            Map.entry("memcpy", new Share(20, 126)),
            Map.entry("launch", new Share(14, 34)),
            Map.entry("matmul", new Share(14, 165)),
            Map.entry("stencil", new Share(10, 75)),
            Map.entry("aggregate", new Share(14, 65)),
            Map.entry("trace", new Share(6, 30)),
            Map.entry("sessions", new Share(8, 50)),
            Map.entry("software", new Share(24, 150)),
            Map.entry("soak", new Share(25, 185)));

    private static final long ROUNDING_SECONDS = 30;

    private final Effort effort;
    private final LongSupplier clock;
    private final Deque<Experiment> pending;
    private final int count;

    /** When all are to be over. */
    private final long endNanos;

    /**
     * Begins now.
     *
     * @param soakNanos how long a soak lasts that somebody has given another time than its own; 0 where nobody has
     * @param clock as {@link System#nanoTime}
     */
    TimePlan(Collection<Experiment> experiments, Effort effort, long soakNanos, LongSupplier clock) {
        this.effort = effort;
        this.clock = clock;
        this.pending = new ArrayDeque<>(experiments);
        this.count = experiments.size();
        long soak = experiments.stream().anyMatch(Soak.class::isInstance) && soakNanos > 0
                ? soakNanos - nanos(seconds("soak"))
                : 0;
        this.endNanos = clock.getAsLong() + totalNanos(experiments) + soak;
    }

    /** What these take together on two idle processors. */
    private long totalNanos(Collection<Experiment> experiments) {
        return nanos(experiments.stream()
                .mapToLong(experiment -> seconds(experiment.name()))
                .sum());
    }

    private static long nanos(long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    private long seconds(String experiment) {
        Share share = SHARES.get(experiment);
        if (share == null) {
            throw new IllegalStateException("no share of the time for " + experiment);
        }
        return switch (effort) {
            case SMOKE, QUICK -> share.quick;
            case FULL -> share.full;
        };
    }

    /**
     * The next experiment begins.
     *
     * @return when it is to be over, by the clock; a soak's own time is reserved for it
     */
    long begin(Experiment experiment) {
        if (pending.poll() != experiment) {
            throw new IllegalStateException(experiment.name() + " is not next");
        }
        long now = clock.getAsLong();
        if (effort == Effort.SMOKE) {
            return now + TimeUnit.DAYS.toNanos(1); // once is once
        }
        long own = seconds(experiment.name());
        long soak = pending.stream()
                .filter(Soak.class::isInstance)
                .mapToLong(each -> seconds(each.name()))
                .sum();
        long others = pending.stream()
                .filter(each -> !(each instanceof Soak))
                .mapToLong(each -> seconds(each.name()))
                .sum();
        long left = Math.max(0, endNanos - now - nanos(soak));
        return now + (long) (left * ((double) own / (own + others)));
    }

    /** For who waits, while the experiment runs that was begun last: which one it is, and what is left of the time in all. */
    String standing() {
        int number = count - pending.size();
        return effort == Effort.SMOKE
                ? String.format(Locale.ROOT, "%d of %d", number, count)
                : String.format(
                        Locale.ROOT, "%d of %d, about %s left", number, count, words(endNanos - clock.getAsLong()));
    }

    /** In words, to half a minute. */
    private static String words(long nanos) {
        long halves = Math.max(1, (TimeUnit.NANOSECONDS.toSeconds(nanos) + ROUNDING_SECONDS / 2) / ROUNDING_SECONDS);
        return halves % 2 == 0 ? halves / 2 + " min" : halves / 2 + ".5 min";
    }

    /** What all experiments that belong to this effort take, in seconds. */
    static long promisedSeconds(Effort effort) {
        List<Experiment> all = Experiments.ALL.stream()
                .filter(experiment -> experiment.isPartOf(effort))
                .toList();
        return TimeUnit.NANOSECONDS.toSeconds(new TimePlan(all, effort, 0, () -> 0).endNanos);
    }
}
