package org.v4vgpu.server;

import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.v4vgpu.device.DeviceException;

/** A fault after which CUDA answers nothing else in this process (CUDA Driver API, CUDA_ERROR_ILLEGAL_ADDRESS): the process ends. */
final class FatalFault {
    /** Exit code: start the server again. */
    static final int EXIT_CODE = 4;

    /** The client whose kernel it was is told first, if it waits. */
    private static final long LAST_WORDS_MILLIS = 200;

    private FatalFault() {}

    /** Says what happened, and ends the process shortly after. Returns at once. */
    static void endProcess(DeviceException fault) {
        System.getLogger(FatalFault.class.getName())
                .log(
                        Level.ERROR,
                        "the server ends, because a kernel has broken the GPU for this process: {0}: {1}; start it again",
                        fault.status(),
                        fault.getMessage());
        // Not System.exit: closing contexts would ask the driver again.
        CompletableFuture.delayedExecutor(LAST_WORDS_MILLIS, TimeUnit.MILLISECONDS)
                .execute(() -> Runtime.getRuntime().halt(EXIT_CODE));
    }
}
