package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.DeviceMemory;
import org.v4vgpu.client.Dim3;
import org.v4vgpu.client.HostMemory;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteFunction;
import org.v4vgpu.client.RemoteGpu;

/** A device of a server, by the Java API of the client. Confined to one thread. */
final class RemoteAccelerator implements Accelerator {
    private record Allocated(DeviceMemory memory) implements Memory {
        @Override
        public void close() {
            memory.close();
        }
    }

    private record Window(HostMemory memory) implements Pinned {
        @Override
        public MemorySegment segment() {
            return memory.segment();
        }

        @Override
        public void close() {
            memory.close();
        }
    }

    private final RemoteGpu gpu;
    private final RemoteContext context;

    private RemoteAccelerator(RemoteGpu gpu) {
        this.gpu = gpu;
        this.context = gpu.device(0).createContext();
    }

    /**
     * Connects and makes a context, on the calling thread's lane.
     *
     * @throws CudaException if there is no such server
     */
    static RemoteAccelerator connect(String address) {
        return new RemoteAccelerator(RemoteGpu.connect(address));
    }

    @Override
    public Memory allocate(long bytes) {
        return new Allocated(context.allocate(bytes));
    }

    @Override
    public Optional<Pinned> pinned(long bytes) {
        HostMemory memory = context.allocateHost(bytes);
        if (!memory.isShared()) {
            memory.close();
            return Optional.empty();
        }
        return Optional.of(new Window(memory));
    }

    @Override
    public void copyIn(Memory destination, MemorySegment source) {
        ((Allocated) destination).memory.copyFrom(source);
        context.synchronize();
    }

    @Override
    public void copyOut(MemorySegment destination, Memory source) {
        ((Allocated) source).memory.copyTo(destination);
    }

    @Override
    public Kernel kernel(Path ptx, String name, Dim3 grid, Dim3 block, Object... arguments) throws IOException {
        RemoteFunction function = context.loadModule(Files.readAllBytes(ptx)).function(name);
        Object[] values = Arrays.stream(arguments)
                .map(argument -> argument instanceof Allocated allocated ? allocated.memory : argument)
                .toArray();
        return () -> function.launchOn(context.defaultStream(), grid, block, 0, values);
    }

    @Override
    public void synchronize() {
        context.synchronize();
    }

    @Override
    public void close() {
        gpu.close();
    }
}
