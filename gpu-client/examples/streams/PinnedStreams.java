package streams;

import static jcuda.driver.JCudaDriver.cuCtxCreate;
import static jcuda.driver.JCudaDriver.cuCtxDestroy;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemAllocHost;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemFreeHost;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoad;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static jcuda.driver.JCudaDriver.cuStreamWaitEvent;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/** Scales an array in pieces, each in a stream of its own, from and to pinned memory. Argument: the file scale.ptx. */
public final class PinnedStreams {
    private static final int STREAMS = 4;
    private static final int N = 1 << 20;

    private PinnedStreams() {}

    public static void main(String[] args) {
        JCudaDriver.setExceptionsEnabled(true);
        cuInit(0);
        CUdevice device = new CUdevice();
        cuDeviceGet(device, 0);
        CUcontext context = new CUcontext();
        cuCtxCreate(context, 0, device);
        CUmodule module = new CUmodule();
        cuModuleLoad(module, args.length > 0 ? args[0] : "scale.ptx");
        CUfunction scale = new CUfunction();
        cuModuleGetFunction(scale, module, "scale");

        Pointer pinned = new Pointer();
        cuMemAllocHost(pinned, (long) N * Sizeof.FLOAT);
        FloatBuffer host = pinned.getByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer();
        for (int i = 0; i < N; i++) {
            host.put(i, i);
        }
        CUdeviceptr data = new CUdeviceptr();
        cuMemAlloc(data, (long) N * Sizeof.FLOAT);

        CUstream[] streams = new CUstream[STREAMS];
        CUevent[] finished = new CUevent[STREAMS];
        CUevent start = new CUevent();
        CUevent end = new CUevent();
        cuEventCreate(start, 0);
        cuEventCreate(end, 0);
        cuEventRecord(start, null);
        int piece = N / STREAMS;
        for (int i = 0; i < STREAMS; i++) {
            streams[i] = new CUstream();
            finished[i] = new CUevent();
            cuStreamCreate(streams[i], 0);
            cuEventCreate(finished[i], 0);
            long offset = (long) i * piece * Sizeof.FLOAT;
            long bytes = (long) piece * Sizeof.FLOAT;
            cuMemcpyHtoDAsync(data.withByteOffset(offset), pinned.withByteOffset(offset), bytes, streams[i]);
            Pointer parameters = Pointer.to(
                    Pointer.to(data.withByteOffset(offset)), Pointer.to(new float[] {2.0f}), Pointer.to(new int[] {piece
                    }));
            cuLaunchKernel(scale, (piece + 255) / 256, 1, 1, 256, 1, 1, 0, streams[i], parameters, null);
            cuMemcpyDtoHAsync(pinned.withByteOffset(offset), data.withByteOffset(offset), bytes, streams[i]);
            cuEventRecord(finished[i], streams[i]);
        }
        for (int i = 1; i < STREAMS; i++) {
            cuStreamWaitEvent(streams[0], finished[i], 0);
        }
        cuEventRecord(end, streams[0]);
        cuEventSynchronize(end);
        float[] millis = new float[1];
        cuEventElapsedTime(millis, start, end);

        boolean right = millis[0] > 0;
        for (int i = 0; i < N; i++) {
            right &= host.get(i) == 2.0f * i;
        }
        System.out.println(STREAMS + " streams, " + N + " elements: " + (right ? "PASSED" : "FAILED"));

        for (int i = 0; i < STREAMS; i++) {
            cuStreamSynchronize(streams[i]);
            cuEventDestroy(finished[i]);
            cuStreamDestroy(streams[i]);
        }
        cuEventDestroy(start);
        cuEventDestroy(end);
        cuMemFree(data);
        cuMemFreeHost(pinned);
        cuCtxDestroy(context);
    }
}
