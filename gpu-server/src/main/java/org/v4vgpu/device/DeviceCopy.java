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
     * Moves one chunk between the host segment and the device, {@code offset} bytes into the copy, in the copy's direction. When
     * it returns the host segment may be reused, and holds the bytes.
     */
    void transfer(long offset, MemorySegment host) throws DeviceException;

    /** Ends the copy, whole or not, and lets the stream go on. Idempotent. */
    @Override
    void close();
}
