package org.v4vgpu.bench;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.v4vgpu.bench.result.Samples;
import org.v4vgpu.bench.result.Turns;

/**
 * Lets contenders take turns, A B C A B C, so that what else the machine does meets them alike. Each turn begins with a time that
 * does not count ({@link Settling}), and rounds before the first that counts let the JVMs on both sides compile what they run.
 * Immutable; one thread uses it.
 *
 * <p>Where the time that {@link Progress} allows is over earlier, there are fewer turns, but not less than three: with fewer a ratio has no
 * interval.
 *
 * @param turns of each contender, which count
 * @param settlingNanos how long each turn runs before it counts
 * @param turnNanos how long it then is to last, roughly
 * @param compilingNanos how long rounds go on that don't count, at most, while compilers are busy; there is always one, unless this is
 *     0
 */
record Interleaving(int turns, long settlingNanos, long turnNanos, long compilingNanos) {
    /** Compilers that have worked less than this share of a round have nothing left to do. */
    private static final double IDLE_SHARE = 0.03;

    private static final int FIRST_COMPILING = 5;

    /** Of the time that is allowed, or of all that is left, whichever is longer: what comes first leaves the others less to compile. */
    private static final double COMPILING_SHARE = 0.6;

    private static final double COMPILING_SHARE_OF_ALL = 0.5;

    private static final int FEWEST_TURNS = 3;

    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** One that takes turns. */
    interface Contender {
        /**
         * Takes a turn, after {@link Settling} of the given time.
         *
         * @return at least one sample
         */
        Samples takeTurn(Interleaving plan) throws IOException;
    }

    /**
     * All turns that count.
     *
     * @param byContender of each as many
     * @param nanos that they took together, with what settled before each
     */
    record Taken(Map<String, Turns> byContender, long nanos) {
        /** How many turns each contender took. */
        int rounds() {
            return byContender.values().stream().mapToInt(Turns::count).min().orElse(0);
        }
    }

    static Interleaving of(int turns, long settlingMillis, long turnMillis, long compilingMillis) {
        return new Interleaving(
                turns,
                TimeUnit.MILLISECONDS.toNanos(settlingMillis),
                TimeUnit.MILLISECONDS.toNanos(turnMillis),
                TimeUnit.MILLISECONDS.toNanos(compilingMillis));
    }

    /** The same for what nobody has run yet: there is more to compile. */
    Interleaving forFirst() {
        return new Interleaving(turns, settlingNanos, turnNanos, compilingNanos * FIRST_COMPILING);
    }

    /** How many repetitions of a step of this time make a turn, within limits. */
    int repetitions(long stepNanos, int fewest, int most) {
        return (int) Math.clamp(turnNanos / Math.max(1, stepNanos), (long) fewest, (long) most);
    }

    /** All turns of all contenders that count; of each as many. */
    Map<String, Turns> run(Map<String, ? extends Contender> contenders, Compilers compilers, Progress progress)
            throws IOException {
        return runTimed(contenders, compilers, progress).byContender();
    }

    /** As {@link #run}, for who wants to know what more turns would take. */
    Taken runTimed(Map<String, ? extends Contender> contenders, Compilers compilers, Progress progress)
            throws IOException {
        double compiling = Math.max(
                COMPILING_SHARE * progress.allowedNanos(steps(contenders.size())),
                COMPILING_SHARE_OF_ALL * progress.leftNanos());
        compile(contenders, compilers, (long) Math.min((double) compilingNanos, compiling));
        Map<String, Turns> taken = new LinkedHashMap<>();
        long allowed = progress.allowedNanos(steps(contenders.size()));
        long begin = System.nanoTime();
        for (int turn = 0; turn < turns; turn++) {
            long passed = System.nanoTime() - begin;
            if (turn >= FEWEST_TURNS && passed + passed / turn > allowed) {
                progress.skip((turns - turn) * contenders.size());
                break;
            }
            for (Map.Entry<String, ? extends Contender> contender : contenders.entrySet()) {
                Samples samples = contender.getValue().takeTurn(this);
                taken.computeIfAbsent(contender.getKey(), _ -> new Turns()).add(samples);
                progress.step();
            }
        }
        return new Taken(taken, System.nanoTime() - begin);
    }

    /** At least one round, unless there is to be none at all. */
    private void compile(Map<String, ? extends Contender> contenders, Compilers compilers, long atMostNanos)
            throws IOException {
        long begin = System.nanoTime();
        boolean busy = compilingNanos > 0;
        while (busy) {
            long round = System.nanoTime();
            long before = compilers.ticks();
            for (Contender contender : contenders.values()) {
                contender.takeTurn(this);
            }
            long now = System.nanoTime();
            long worked = (compilers.ticks() - before) * TICK_NANOS;
            busy = worked > TICK_NANOS && worked > IDLE_SHARE * (now - round) && now - begin < atMostNanos;
        }
    }

    /** How many steps of progress {@link #run} makes. */
    int steps(int contenders) {
        return turns * contenders;
    }
}
