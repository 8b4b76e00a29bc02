package org.v4vgpu.device.nvrtc;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceDescription;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.proto.CudaStatus;

/**
 * Compiles the programs of all clients, a few at a time. Safe for any thread. The compiler is looked for when it is first needed.
 *
 * {@snippet :
 *   try (CompileQueue.Job<Compilation> job = queue.compile(program)) {
 *       while (!job.await(TICK)) checkPeer();          // closing the job ends the compiler
 *       return job.result();
 *   }
 * }
 */
public final class CompileQueue {
    /** Programs that wait for their turn; a compiler needs a processor and memory. */
    private static final int MOST_JOBS = 64;

    /** After which a compiler is looked for again that was not there, or could not be tried on a busy machine. */
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final CompilerChoice choice;
    private final List<DeviceDescription> devices;
    private final Semaphore turns =
            new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), true);
    private final AtomicInteger jobs = new AtomicInteger();

    /** Guarded by this. */
    private @Nullable ProgramCompiler compiler;

    /** When it was looked for. Guarded by this. */
    private long lookedNanos;

    /** @param devices that programs will run on; they decide what is compiled for where a program does not */
    public CompileQueue(CompilerChoice choice, List<DeviceDescription> devices) {
        this.choice = choice;
        this.devices = List.copyOf(devices);
    }

    /** Looks for the compiler. */
    public Job<ProgramCompiler> compiler() throws DeviceException {
        return start(this::find);
    }

    /** Compiles a program once it is its turn. */
    public Job<Compilation> compile(Program program) throws DeviceException {
        return start(() -> {
            turns.acquire();
            try {
                ProgramCompiler found = find();
                // The first of the options: one of the program's own comes later and counts.
                return found.compile(program.withFirstOption(
                        "--gpu-architecture=compute_" + DefaultArchitecture.of(devices, found.architectures())));
            } finally {
                turns.release();
            }
        });
    }

    private <T> Job<T> start(Callable<T> work) throws DeviceException {
        if (jobs.incrementAndGet() > MOST_JOBS) {
            jobs.decrementAndGet();
            throw new DeviceException(
                    CudaStatus.OUT_OF_MEMORY, MOST_JOBS + " programs wait to be compiled, which is the maximum");
        }
        Job<T> job = new Job<>(new FutureTask<>(work), jobs);
        Thread.ofPlatform().daemon().name("compile-program").start(job::run);
        return job;
    }

    private synchronized ProgramCompiler find() throws InterruptedException {
        ProgramCompiler found = compiler;
        if (found == null || (!found.isAvailable() && System.nanoTime() - lookedNanos > RETRY_NANOS)) {
            found = choice.find();
            compiler = found;
            lookedNanos = System.nanoTime();
        }
        return found;
    }

    /** Work on a thread of its own, which ends with it. For one thread. */
    public static final class Job<T> implements DeviceWork, AutoCloseable {
        private final FutureTask<T> task;
        private final AtomicInteger jobs;

        private Job(FutureTask<T> task, AtomicInteger jobs) {
            this.task = task;
            this.jobs = jobs;
        }

        private void run() {
            try {
                task.run();
            } finally {
                jobs.decrementAndGet();
            }
        }

        @Override
        public boolean await(long timeoutNanos) throws DeviceException {
            try {
                task.get(timeoutNanos, TimeUnit.NANOSECONDS);
                return true;
            } catch (TimeoutException e) {
                return false;
            } catch (ExecutionException e) {
                if (e.getCause() instanceof DeviceException failure) {
                    throw failure;
                }
                throw new IllegalStateException("compiling failed", e.getCause());
            } catch (InterruptedException e) {
                throw new IllegalStateException("a lane was interrupted", e);
            }
        }

        /** What the work has come to. After {@link #await} has said that it is done. */
        public T result() {
            return task.resultNow();
        }

        /** Ends the work, if it still goes on. Idempotent. */
        @Override
        public void close() {
            task.cancel(true);
        }
    }
}
