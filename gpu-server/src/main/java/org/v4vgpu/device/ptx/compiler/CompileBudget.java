package org.v4vgpu.device.ptx.compiler;

import java.util.concurrent.TimeUnit;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.PtxErrors;

/** What the kernels of one module may cost together: a text may come from anybody. Confined to the compiling thread. */
public final class CompileBudget {
    private static final int MOST_IN_FUNCTION = 100_000;
    private static final int MOST_IN_MODULE = 500_000;
    private static final long MOST_SECONDS = 60;

    private final long start = System.nanoTime();
    private final long seconds;
    private int instructions;

    public CompileBudget() {
        this(MOST_SECONDS);
    }

    /** @param seconds that compiling the module may take */
    CompileBudget(long seconds) {
        this.seconds = seconds;
    }

    /** Whether the time is over: nothing more of the module can be compiled. */
    public boolean isSpent() {
        return System.nanoTime() - start > TimeUnit.SECONDS.toNanos(seconds);
    }

    /** Called before a function is looked at: its size, and the time. Charges nothing. */
    void require(Function function) {
        int size = function.body().size();
        if (size > MOST_IN_FUNCTION) {
            throw refusal(function, size + " statements, at most " + MOST_IN_FUNCTION + " are supported");
        }
        requireTime(function);
    }

    /** Charges a function for one kernel that contains it. */
    void spend(Function function) {
        require(function);
        int size = function.body().size();
        if (size > MOST_IN_MODULE - instructions) {
            throw refusal(
                    function,
                    "the module is too large: more than " + MOST_IN_MODULE
                            + " statements, with functions counted for each kernel that calls them");
        }
        instructions += size;
    }

    /** Called before each method, and now and then while loops and calls are looked at. */
    void requireTime(Function function) {
        if (isSpent()) {
            throw refusal(function, "compiling the module takes more than " + seconds + " seconds");
        }
    }

    /** Called now and then while texts are linked, with the line that is looked at. */
    public void requireTime(int line) {
        if (isSpent()) {
            throw new PtxErrors.Refusal(line, "linking takes more than " + seconds + " seconds");
        }
    }

    private static PtxErrors.Refusal refusal(Function function, String reason) {
        return new PtxErrors.Refusal(function.line(), function.name() + ": " + reason);
    }
}
