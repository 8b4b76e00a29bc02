package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.*;
import static org.v4vgpu.client.programs.Checks.*;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.SynchronousQueue;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;

/**
 * Threads that wait for each other's work. Argument: how many rounds. Prints "all threads: right" at its end, and never ends if a
 * thread that waits keeps others from doing what it waits for.
 */
public final class ManyThreads {
    private static final int PAIRS = 4;
    private static final int BYTES = 300_000;

    private ManyThreads() {}

    public static void main(String[] args) throws InterruptedException, ExecutionException {
        int rounds = Integer.parseInt(args[0]);
        ok(cuInit(0));
        CUcontext context = new CUcontext();
        ok(cuCtxCreate(context, 0, device()));
        for (int round = 0; round < rounds; round++) {
            waitForWhatIsRecordedLater(context);
        }
        List<FutureTask<Void>> threads = new ArrayList<>();
        for (int pair = 0; pair < PAIRS; pair++) {
            SynchronousQueue<Integer> there = new SynchronousQueue<>();
            SynchronousQueue<Integer> back = new SynchronousQueue<>();
            CUdeviceptr from = allocate(BYTES);
            CUdeviceptr to = allocate(BYTES);
            threads.add(start(context, () -> {
                byte[] bytes = new byte[BYTES];
                for (int round = 1; round <= rounds; round++) {
                    byte value = (byte) round;
                    ok(cuMemsetD8(from, value, BYTES)); // returns before it is done
                    there.put(round);
                    that(back.take() == round, "rounds");
                    ok(cuMemcpyDtoH(Pointer.to(bytes), to, BYTES));
                    that(bytes[0] == value && bytes[BYTES - 1] == value, "order between threads, round " + round);
                }
            }));
            threads.add(start(context, () -> {
                for (int round = 1; round <= rounds; round++) {
                    that(there.take() == round, "rounds");
                    ok(cuMemcpyDtoD(to, from, BYTES)); // behind the other thread's memset
                    back.put(round);
                }
            }));
        }
        for (FutureTask<Void> thread : threads) {
            thread.get();
        }
        ok(cuCtxDestroy(context));
        System.out.println("all threads: right");
    }

    /** One thread sits in a wait for a stream that waits for an event that another thread has yet to record. */
    private static void waitForWhatIsRecordedLater(CUcontext context) throws InterruptedException, ExecutionException {
        CUstream waiting = new CUstream();
        CUstream working = new CUstream();
        ok(cuStreamCreate(waiting, 1));
        ok(cuStreamCreate(working, 1));
        CUevent first = new CUevent();
        CUevent last = new CUevent();
        ok(cuEventCreate(first, 0));
        ok(cuEventCreate(last, 0));
        CUdeviceptr memory = allocate(64);
        ok(cuMemsetD8(memory, (byte) 1, 64));
        ok(cuCtxSynchronize());
        CountDownLatch mayGoOn = new CountDownLatch(1);
        ok(cuLaunchHostFunc(
                working,
                data -> {
                    try {
                        mayGoOn.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                null));
        ok(cuEventRecord(first, working));
        ok(cuStreamWaitEvent(waiting, first, 0));
        ok(cuMemcpyDtoDAsync(memory.withByteOffset(32), memory, 32, waiting));
        ok(cuEventRecord(last, waiting));
        CountDownLatch began = new CountDownLatch(1);
        byte[] bytes = new byte[64];
        FutureTask<Void> waiter = start(context, () -> {
            began.countDown();
            ok(cuEventSynchronize(last));
            ok(cuMemcpyDtoHAsync(Pointer.to(bytes), memory, 64, waiting));
        });
        began.await();
        FutureTask<Void> worker = start(context, () -> {
            CUdeviceptr scratch = allocate(64);
            CUstream own = new CUstream();
            ok(cuStreamCreate(own, 1));
            ok(cuMemsetD8Async(scratch, (byte) 5, 64, own));
            ok(cuMemcpyDtoDAsync(memory, scratch, 32, own));
            ok(cuStreamSynchronize(own));
            ok(cuStreamDestroy(own));
            mayGoOn.countDown();
            ok(cuMemFree(scratch));
        });
        worker.get();
        waiter.get();
        that(bytes[0] == 5 && bytes[63] == 5, "what another thread did, " + bytes[63]);
        ok(cuMemFree(memory));
        ok(cuEventDestroy(first));
        ok(cuEventDestroy(last));
        ok(cuStreamDestroy(waiting));
        ok(cuStreamDestroy(working));
    }

    private static FutureTask<Void> start(CUcontext context, Step steps) {
        FutureTask<Void> task = new FutureTask<>(() -> {
            ok(cuCtxSetCurrent(context));
            steps.run();
            return null;
        });
        Thread.ofPlatform().daemon().start(task);
        return task;
    }

    private interface Step {
        void run() throws Exception;
    }
}
