package org.v4vgpu.stencil;

import java.io.Console;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A bar on standard error for what takes longer than two seconds, and only where somebody looks. Confined to one thread. */
final class Progress implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final int REDRAW_MILLIS = 200;

    private final String task;
    private final boolean isWatched;
    private final long begin = System.nanoTime();
    private long done;
    private long expected = -1;
    private @Nullable ProgressBar bar;

    @SuppressWarnings("SystemConsoleNull") // JDK 25 returns null again where there is no terminal (JDK-8351435)
    Progress(String task) {
        this.task = task;
        Console console = System.console();
        isWatched = console != null && console.isTerminal();
    }

    /** How many steps are still to come. */
    void expect(long steps) {
        expected = done + steps;
        if (bar != null) {
            bar.maxHint(expected);
        }
    }

    void step() {
        done++;
        if (bar != null) {
            bar.stepTo(done);
        } else if (isWatched && System.nanoTime() - begin > PATIENCE_NANOS) {
            bar = new ProgressBarBuilder()
                    .setTaskName(task)
                    .setInitialMax(expected)
                    .setStyle(ProgressBarStyle.ASCII)
                    .setUpdateIntervalMillis(REDRAW_MILLIS)
                    .clearDisplayOnFinish()
                    .build();
            bar.stepTo(done);
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
