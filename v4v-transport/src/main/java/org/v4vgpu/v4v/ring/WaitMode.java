package org.v4vgpu.v4v.ring;

import java.util.Locale;
import java.util.Optional;

/**
 * How long this process's waits spin before they sleep: the system property {@value #PROPERTY} or the environment variable
 * {@value #VARIABLE}, with {@link #BALANCED} where neither says anything. Immutable.
 *
 * <p>A spinning wait offers its processor at every turn, so it takes no time from whoever else wants to run; what it costs is the
 * idle time of a processor.
 */
public enum WaitMode {
    /** Spins for 10 ms: calls that follow one another at that distance never cost a wake-up. */
    LATENCY(10_000_000),
    /**
     * Spins for 400 us: longer than the other side takes for a ring full of data that no cache holds (1 MiB at 3 GB/s), so that
     * a stream of data runs without sleeps; shorter than most kernels.
     */
    BALANCED(400_000),
    /** Sleeps at once: no processor time but for work. */
    THRIFTY(0);

    public static final String PROPERTY = "v4vgpu.wait";
    public static final String VARIABLE = "V4VGPU_WAIT";

    private final long spinNanos;

    WaitMode(long spinNanos) {
        this.spinNanos = spinNanos;
    }

    long spinNanos() {
        return spinNanos;
    }

    /** The mode of this process. What is no mode's name is logged, and balanced. */
    static WaitMode ofProcess() {
        String name = Optional.ofNullable(System.getProperty(PROPERTY))
                .or(() -> Optional.ofNullable(System.getenv(VARIABLE)))
                .orElse("balanced");
        try {
            return valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            System.getLogger(WaitMode.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "no such way to wait: ''{0}''; choose latency, balanced or thrifty; taking balanced",
                            name);
            return BALANCED;
        }
    }
}
