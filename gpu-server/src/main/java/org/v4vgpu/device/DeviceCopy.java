package org.v4vgpu.device;

import java.lang.foreign.MemorySegment;

/**
 * A copy between host and device whose host bytes pass through in chunks. Its stream holds until it is closed. Confined to the
 * thread that enqueued it.
 *
 * {@snippet :
 *   try (DeviceCopy copy = stream.copyIn(destination, bytes)) {
 *       while (!copy.await(TICK)) checkPeer();
 *       copy.transfer(0, chunk);
 *   }
 * }
 */
public interface DeviceCopy extends AutoCloseable {
    /** Waits until the stream has come to this copy. Returns false after {@code timeoutNanos} without. */
    boolean await(long timeoutNanos) throws DeviceException;

    /**
     * Begins to move one chunk between the host segment and the device, {@code offset} bytes into the copy, in the copy's direction. Several
     * may be on their way: so a GPU's DMA of one goes on while its owner receives the next one, or the client reads the one before.
     *
     * @return awaited by the copy's thread: then the segment may be reused, and holds the bytes. Until then, or until the copy is closed, it
     *     must stay as it is
     */
    DeviceWork begin(long offset, MemorySegment host) throws DeviceException;

    /** As {@link #begin}, and waits for it. */
    default void transfer(long offset, MemorySegment host) throws DeviceException {
        boolean _ = begin(offset, host).await(Long.MAX_VALUE);
    }

    /**
     * Ends the copy, whole or not, and lets the stream go on. Whatever has become of it and of its context, nothing reads or writes the chunks'
     * segments any more. Idempotent.
     */
    @Override
    void close();
}
