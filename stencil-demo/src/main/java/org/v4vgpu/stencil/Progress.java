package org.v4vgpu.stencil;

import java.io.Console;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * A bar on standard error for what takes longer than two seconds, and only where somebody looks. One thread uses it; another
 * one of its own shows it in time.
 */
final class Progress implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 2;
    private static final int REDRAW_MILLIS = 200;

    private final String task;
    private final CountDownLatch closed = new CountDownLatch(1);

    // Guarded by this.
    private long done;
    private long expected = -1;
    private @Nullable ProgressBar bar;

    Progress(String task) {
        this.task = task;
        if (isWatched()) {
            Thread.ofVirtual().start(this::showWhenItTakesLong);
        }
    }

    /** How many steps are still to come. */
    synchronized void expect(long steps) {
        expected = done + steps;
        if (bar != null) {
            bar.maxHint(expected);
        }
    }

    synchronized void step() {
        done++;
        if (bar != null) {
            bar.stepTo(done);
        }
    }

    @Override
    public synchronized void close() {
        closed.countDown();
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

    private void showWhenItTakesLong() {
        try {
            if (!closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                show();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void show() {
        if (closed.getCount() == 0) {
            return;
        }
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
