package org.v4vgpu.bench;

import java.io.Console;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A bar on standard error for one experiment, where somebody looks. One thread uses it. */
final class Progress implements AutoCloseable {
    private static final int REDRAW_MILLIS = 250;

    private final String task;
    private @Nullable ProgressBar bar;

    Progress(String task) {
        this.task = task;
    }

    /** Says how many steps there will be, and shows the bar. */
    void expect(int steps) {
        close();
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

    void step() {
        if (bar != null) {
            bar.step();
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
