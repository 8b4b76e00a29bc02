/**
 * A CUDA device without a GPU: contexts, streams and events on the JVM, with memory and kernels from {@code
 * org.v4vgpu.device.ptx}. Start at {@link org.v4vgpu.device.software.SoftwareDevice}; whoever wants a GPU in a program of their own
 * starts at {@link org.v4vgpu.device.software.SoftwareGpu}, which needs nothing of the server.
 *
 * <p><b>Order.</b> All work is an {@code Operation} in the queue of a stream. A {@code Scheduler} per context links each new operation
 * to those that it must follow (the tail of its stream; for the legacy default stream the tails of all blocking streams, and the
 * other way round; an event's record for waitFor) and runs it when the last of them is done. One lock per context guards the links;
 * no lock is held while work runs. Enqueuing never blocks: a stream's capacity is what whoever enqueues waits for afterwards.
 *
 * <p><b>Threads.</b> What takes no time (records, waits) happens under the lock; what takes microseconds (frees, fills and copies up
 * to 256 KiB) runs on the thread that enqueues it if the stream is idle; host copies run on the thread that owns them. Kernels and
 * the rest run on {@code Runners}, up to 16 threads per context that end after five idle seconds and when the context closes. A
 * thread that waits in {@code await} never runs a kernel itself, although that would save the hand-over: its caller must be back
 * within the timeout to look after its peer, and nothing bounds a kernel's time.
 *
 * <p><b>The end.</b> A fault, a cancel and a close break the context for good: queued work is dropped, running kernels are cancelled,
 * waiting threads wake. Memory is unmapped when the last operation has ended.
 */
@NullMarked
package org.v4vgpu.device.software;

import org.jspecify.annotations.NullMarked;
