package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
import org.v4vgpu.client.Dim3;

/**
 * A device as the experiments use it, behind a server or in this process: in either case with its copies done when a call returns.
 * Confined to one thread.
 */
interface Accelerator extends AutoCloseable {
    /** Device memory, which lives as long as it is not closed. */
    interface Memory extends AutoCloseable {
        @Override
        void close();
    }

    /** A kernel with its arguments, ready to be launched as often as wanted. */
    interface Kernel {
        /** Enqueues a launch. */
        void launch();
    }

    /** Host memory that whoever copies sees without a transport. */
    interface Pinned extends AutoCloseable {
        MemorySegment segment();

        @Override
        void close();
    }

    Memory allocate(long bytes) throws IOException;

    /** Pinned host memory; empty where it would be memory like any other. */
    default Optional<Pinned> pinned(long bytes) {
        return Optional.empty();
    }

    /** Copies to the device; on it when this returns. */
    void copyIn(Memory destination, MemorySegment source) throws IOException;

    /** Copies from the device. */
    void copyOut(MemorySegment destination, Memory source) throws IOException;

    /** Loads a kernel of a PTX file; arguments are {@link Memory} or boxed numbers. */
    Kernel kernel(Path ptx, String name, Dim3 grid, Dim3 block, Object... arguments) throws IOException;

    /** Waits until all that was launched is done. */
    void synchronize() throws IOException;

    @Override
    void close();
}
