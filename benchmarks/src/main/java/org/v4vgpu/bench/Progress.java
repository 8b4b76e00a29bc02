package org.v4vgpu.bench;

import java.io.Console;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * How far one experiment is, and how much of its time its next steps may take. Shows a bar on standard error where somebody looks, and
 * otherwise a line at the begin. One thread uses it.
 */
final class Progress implements AutoCloseable {
    private static final int REDRAW_MILLIS = 250;

    private final String task;
    private final long endNanos;
    private int stepsLeft;
    private @Nullable ProgressBar bar;

    /**
     * Of an experiment that begins.
     *
     * @param standing what to say beside its name
     * @param endNanos when it is to be over, by {@link System#nanoTime}
     */
    Progress(String name, String standing, long endNanos) {
        this.task = name + " (" + standing + ")";
        this.endNanos = endNanos;
    }

    /** Says what begins, where no bar will. */
    void announce() {
        if (!isWatched()) {
            System.err.println(task);
        }
    }

    /** Says how many steps there will be, and shows the bar. */
    void expect(int steps) {
        close();
        stepsLeft = steps;
        if (isWatched()) {
            bar = new ProgressBarBuilder()
                    .setTaskName(task)
                    .setInitialMax(steps)
                    .setStyle(ProgressBarStyle.ASCII)
                    .setUpdateIntervalMillis(REDRAW_MILLIS)
                    .clearDisplayOnFinish()
                    .build();
        }
    }

    /** For what is none of the steps, and shown nowhere; it may take as much time as one. */
    Progress aside() {
        Progress aside = new Progress(task, "", endNanos);
        aside.stepsLeft = stepsLeft;
        return aside;
    }

    /** What is left of the experiment's time. */
    long leftNanos() {
        return Math.max(0, endNanos - System.nanoTime());
    }

    /** What so many of the steps that are left may take: their share of the time that is left. */
    long allowedNanos(int steps) {
        return (long) (leftNanos() * Math.min(1.0, steps / (double) Math.max(1, stepsLeft)));
    }

    void step() {
        skip(1);
    }

    /** These will not be taken, or are not of their own. */
    void skip(int steps) {
        stepsLeft -= steps;
        if (bar != null) {
            bar.stepBy(steps);
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }

    @SuppressWarnings("SystemConsoleNull") // JDK 25 returns null again where there is no terminal (JDK-8351435)
    private static boolean isWatched() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }
}
