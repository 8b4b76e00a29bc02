/**
 * The device of a real GPU: the Device SPI on NVIDIA's driver. Start at {@link org.v4vgpu.device.cuda.Cuda}, which says whether there is
 * one, and {@link org.v4vgpu.device.cuda.CudaDevice}.
 *
 * <p><b>One binding.</b> All calls go to {@code libcuda.so.1} by FFM ({@code Driver...} classes, one per kind of thing). JCuda would have
 * been a second binding beside it: it lacks cuFuncGetParamInfo, without which no client could pack parameters; it takes host memory as
 * buffers below 2 GiB, where rings and staging are memory segments; and it unpacks its native library into a directory for temporary
 * files, which a server had better not trust. About fifty calls are few enough to write down. JCuda stays what programs are
 * written against, and the native baseline of measurements.
 *
 * <p><b>Order.</b> The driver's own streams and events order the work on the GPU. What the driver can't know is where a stream waits for the
 * host: an open copy, a host function. So each stream has a queue before the driver ({@code IssueOrder}): an operation is handed to the
 * driver as soon as everything that must be before it has been handed over, which is at once unless a hold is among it. A hold is
 * on the host only; the GPU never waits for a client, and nothing the driver holds can need one. Completion is asked from events that
 * are recorded behind the work ({@code CudaMark}).
 *
 * <p><b>Copies.</b> A chunk in registered memory ({@code RegisteredMemory}: a ring, where its owner registered it) is moved by DMA from and
 * to where it lies. Others go through a pair of registered buffers in turns ({@code Staging}).
 *
 * <p><b>Linear algebra.</b> {@code libcublas} is bound as the driver is ({@code Cublas...} classes), loaded when a client first wants it, with one
 * handle in each context ({@code CudaBlas}). Its calls are steps of a stream like any other; what comes back to the host comes through
 * registered memory and a host function ({@code BlasResults}), so that no call of cuBLAS waits.
 *
 * <p><b>Threads.</b> Work is issued on the thread that enqueues it, or on the one that closes the hold before it; each binds the context when
 * its own changes ({@code CurrentContext}). A context has at most one thread of its own, for memory that is freed behind running work.
 * Who waits polls, spinning for the time of a small kernel, then sleeping up to a millisecond ({@code CompletionWait}).
 *
 * <p><b>The end.</b> A context is destroyed on a thread of its own, because nothing ends a kernel that runs, and cuCtxDestroy waits for it. A
 * fatal error (700 and its kind) breaks the process for CUDA, so whoever opened the device is told, and is to end it.
 */
@NullMarked
package org.v4vgpu.device.cuda;

import org.jspecify.annotations.NullMarked;
