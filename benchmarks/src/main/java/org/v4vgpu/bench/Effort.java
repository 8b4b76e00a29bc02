package org.v4vgpu.bench;

import java.util.List;

/** How much a run measures. */
enum Effort {
    /** Everything once, to see that it works; its figures mean nothing. */
    SMOKE,
    /** Fewer sizes and turns. */
    QUICK,
    FULL;

    /** Rounds without settling; only for {@link #SMOKE}. */
    private static final Interleaving ONCE = Interleaving.of(2, 1, 1, 0);

    Interleaving plan(Interleaving quick, Interleaving full) {
        return switch (this) {
            case SMOKE -> ONCE;
            case QUICK -> quick;
            case FULL -> full;
        };
    }

    /** For bare messages: some rounds of the kernel's load balancing to settle, and turns long enough for percentiles. */
    Interleaving messagePlan() {
        return plan(Interleaving.of(6, 20, 20, 1500), Interleaving.of(15, 40, 40, 8000));
    }

    <T> List<T> sizes(List<T> quick, List<T> full) {
        return switch (this) {
            case SMOKE ->
                quick.stream()
                        .filter(size -> isForSmoke(quick.indexOf(size), quick.size()))
                        .toList();
            case QUICK -> quick;
            case FULL -> full;
        };
    }

    /** The first and the middle one. */
    private static boolean isForSmoke(int index, int count) {
        return index == 0 || index == count / 2;
    }

    int count(int smoke, int quick, int full) {
        return switch (this) {
            case SMOKE -> smoke;
            case QUICK -> quick;
            case FULL -> full;
        };
    }
}
