package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.v4vgpu.client.Dim3;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;

/** The software device in this process, without a server between: what is native here. Confined to one thread. */
final class LocalAccelerator implements Accelerator {
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(10);

    private record Allocated(DeviceContext context, long address, long bytes) implements Memory {
        @Override
        public void close() {
            try {
                context.free(address);
            } catch (DeviceException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private final Device device = new SoftwareDevice(SoftwareDeviceOptions.defaults());
    private final DeviceContext context;
    private final DeviceStream stream;
    private final Arena arena = Arena.ofConfined();

    LocalAccelerator() throws IOException {
        try {
            context = device.createContext(0);
        } catch (DeviceException e) {
            device.close();
            throw failed(e);
        }
        stream = context.defaultStream();
    }

    @Override
    public Memory allocate(long bytes) throws IOException {
        try {
            return new Allocated(context, context.allocate(bytes), bytes);
        } catch (DeviceException e) {
            throw failed(e);
        }
    }

    @Override
    public void copyIn(Memory destination, MemorySegment source) throws IOException {
        Allocated memory = (Allocated) destination;
        try (DeviceCopy copy = stream.copyIn(memory.address, source.byteSize())) {
            await(copy.await(PATIENCE_NANOS));
            copy.transfer(0, source);
        } catch (DeviceException e) {
            throw failed(e);
        }
    }

    @Override
    public void copyOut(MemorySegment destination, Memory source) throws IOException {
        Allocated memory = (Allocated) source;
        try (DeviceCopy copy = stream.copyOut(memory.address, destination.byteSize())) {
            await(copy.await(PATIENCE_NANOS));
            copy.transfer(0, destination);
        } catch (DeviceException e) {
            throw failed(e);
        }
    }

    @Override
    public Kernel kernel(Path ptx, String name, Dim3 grid, Dim3 block, Object... arguments) throws IOException {
        try {
            DeviceFunction function = context.loadModule(MemorySegment.ofArray(Files.readAllBytes(ptx)))
                    .function(name);
            MemorySegment parameters = pack(function.parameters(), arguments);
            LaunchShape shape = new LaunchShape(grid.x(), grid.y(), grid.z(), block.x(), block.y(), block.z(), 0);
            return () -> {
                try {
                    stream.launch(function, shape, parameters);
                } catch (DeviceException e) {
                    throw new IllegalStateException(e);
                }
            };
        } catch (DeviceException e) {
            throw failed(e);
        }
    }

    private MemorySegment pack(List<DeviceFunction.Parameter> layout, Object... arguments) {
        DeviceFunction.Parameter last = layout.getLast();
        MemorySegment packed = arena.allocate((long) last.offset() + last.bytes(), 8);
        for (int i = 0; i < arguments.length; i++) {
            int offset = layout.get(i).offset();
            switch (arguments[i]) {
                case Allocated memory -> packed.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, memory.address);
                case Integer number -> packed.set(ValueLayout.JAVA_INT_UNALIGNED, offset, number);
                default -> throw new IllegalArgumentException("an argument of " + arguments[i].getClass());
            }
        }
        return packed;
    }

    @Override
    public void synchronize() throws IOException {
        try {
            await(context.await(PATIENCE_NANOS));
        } catch (DeviceException e) {
            throw failed(e);
        }
    }

    @Override
    public void close() {
        device.close();
        arena.close();
    }

    private static void await(boolean done) throws IOException {
        if (!done) {
            throw new IOException("the device in this process did not finish in "
                    + TimeUnit.NANOSECONDS.toMinutes(PATIENCE_NANOS) + " minutes");
        }
    }

    private static IOException failed(DeviceException e) {
        return new IOException("the device in this process: " + e.getMessage(), e);
    }
}
