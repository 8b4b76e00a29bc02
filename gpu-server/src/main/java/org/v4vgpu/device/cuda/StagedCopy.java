package org.v4vgpu.device.cuda;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;

/**
 * The way of a copy whose host memory the GPU can't reach: through a pair of buffers that take turns. Confined to the copy's thread.
 *
 * <p>To the GPU, the owner goes on when its last bytes are in a buffer: the stream's later work is behind their DMA all the same. From the
 * GPU, both buffers are filled ahead of what the owner asks for, so that one's DMA goes on while the owner sends what was in the other.
 */
final class StagedCopy {
    private final CudaContext context;
    private final CudaCopy copy;
    private final long address;
    private final long bytes;
    private final StagingPool.Pair pair;

    /** To the GPU: whose turn it is. */
    private long turns;

    // From the GPU: where in the copy the two buffers' bytes begin, who is the first, and what the buffers hold,
    // counted by turns.
    private long position;
    private long filledTo;
    private long firstTurn;
    private long endTurn;

    /** @param address of the whole copy on the device; {@code bytes}, too, are the whole copy's */
    StagedCopy(CudaContext context, CudaCopy copy, long address, long bytes) throws DeviceException {
        this.context = context;
        this.copy = copy;
        this.address = address;
        this.bytes = bytes;
        this.pair = context.staging().take();
    }

    /** Takes a chunk's bytes on their way to the GPU. */
    void take(long offset, MemorySegment host) throws DeviceException {
        for (long done = 0; done < host.byteSize(); done += StagingPool.BUFFER_BYTES) {
            long length = Math.min(StagingPool.BUFFER_BYTES, host.byteSize() - done);
            StagingPool.Buffer buffer = pair.turn(turns++);
            await(buffer.busy);
            MemorySegment.copy(host, done, buffer.memory, 0, length);
            buffer.busy = copy.move(buffer.memory.address(), address + offset + done, length);
        }
    }

    /** Brings a chunk's bytes from the GPU, and has those behind it on their way. */
    void bring(long offset, MemorySegment host) throws DeviceException {
        if (offset != position) {
            restart(offset);
        }
        long done = 0;
        while (done < host.byteSize()) {
            fill();
            StagingPool.Buffer buffer = pair.turn(firstTurn);
            await(buffer.busy);
            buffer.busy = null;
            long length = Math.min(buffer.end - position, host.byteSize() - done);
            MemorySegment.copy(buffer.memory, position - buffer.begin, host, done, length);
            done += length;
            position += length;
            if (position == buffer.end) {
                firstTurn++;
            }
        }
        fill();
    }

    /** Begins the DMA into the buffers that are free. */
    private void fill() throws DeviceException {
        while (endTurn - firstTurn < 2 && filledTo < bytes) {
            StagingPool.Buffer buffer = pair.turn(endTurn);
            await(buffer.busy);
            long length = Math.min(StagingPool.BUFFER_BYTES, bytes - filledTo);
            buffer.begin = filledTo;
            buffer.end = filledTo + length;
            buffer.busy = copy.move(buffer.memory.address(), address + filledTo, length);
            filledTo += length;
            endTurn++;
        }
    }

    /** The owner does not ask for what comes next. */
    private void restart(long offset) {
        position = offset;
        filledTo = offset;
        firstTurn = endTurn;
    }

    /** Nothing of the client's stands before a buffer's DMA, so it takes no longer than the bytes do. */
    private void await(@Nullable CudaMark mark) throws DeviceException {
        if (mark != null) {
            boolean _ = CompletionWait.until(() -> context.answer(mark::isDone), Long.MAX_VALUE);
        }
    }

    /** A buffer's DMA may still go on: whoever takes it next awaits that. */
    void close() {
        context.staging().giveBack(pair);
    }
}
