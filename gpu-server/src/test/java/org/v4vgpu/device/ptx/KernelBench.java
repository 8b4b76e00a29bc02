package org.v4vgpu.device.ptx;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.ptx.runtime.Checks;

/** A context's memory with a module in it, for tests: arrays in, launch, arrays out. */
public final class KernelBench implements AutoCloseable {
    private final GlobalMemory memory = GlobalMemory.reserve(1L << 30);
    private final LoadedModule module;
    private final StringBuilder output = new StringBuilder();
    private final String ptx;

    public KernelBench(String ptx) throws DeviceException {
        this(ptx, Checks.NONE);
    }

    public KernelBench(String ptx, Checks checks) throws DeviceException {
        this.ptx = ptx;
        module = CompiledModule.compile(ptx, checks).load(memory);
    }

    /** The module of a kernel file. */
    public static KernelBench ofFile(String name) throws DeviceException {
        return new KernelBench(KernelFiles.text(name));
    }

    public GlobalMemory memory() {
        return memory;
    }

    public LoadedModule module() {
        return module;
    }

    public String output() {
        return output.toString();
    }

    public long upload(float... values) throws DeviceException {
        return upload(MemorySegment.ofArray(values));
    }

    public long upload(int... values) throws DeviceException {
        return upload(MemorySegment.ofArray(values));
    }

    public long upload(double... values) throws DeviceException {
        return upload(MemorySegment.ofArray(values));
    }

    public long upload(byte... values) throws DeviceException {
        return upload(MemorySegment.ofArray(values));
    }

    private long upload(MemorySegment values) throws DeviceException {
        long address = memory.allocate(Math.max(1, values.byteSize()));
        memory.segment(address, values.byteSize()).copyFrom(values);
        return address;
    }

    public float[] floats(long address, int count) throws DeviceException {
        return memory.segment(address, 4L * count).toArray(ValueLayout.JAVA_FLOAT);
    }

    public int[] ints(long address, int count) throws DeviceException {
        return memory.segment(address, 4L * count).toArray(ValueLayout.JAVA_INT);
    }

    public double[] doubles(long address, int count) throws DeviceException {
        return memory.segment(address, 8L * count).toArray(ValueLayout.JAVA_DOUBLE);
    }

    public void launch(String kernel, LaunchShape shape, Object... arguments) throws DeviceException {
        launch(kernel, shape, new Cancellation(), arguments);
    }

    public void launch(String kernel, LaunchShape shape, Cancellation cancellation, Object... arguments)
            throws DeviceException {
        Kernel bound = module.kernel(kernel);
        try (Arena arena = Arena.ofConfined()) {
            bound.run(
                    shape,
                    MemorySegment.ofBuffer(pack(arena, bound, List.of(arguments))),
                    bound.reserve(),
                    cancellation,
                    output);
        }
        InstructionRecord.ran(ptx, kernel);
    }

    /** A one-dimensional launch. */
    public static LaunchShape line(int blocks, int threads) {
        return new LaunchShape(blocks, 1, 1, threads, 1, 1, 0);
    }

    private static ByteBuffer pack(Arena arena, Kernel kernel, List<Object> arguments) {
        List<DeviceFunction.Parameter> layout = kernel.parameters();
        if (layout.size() != arguments.size()) {
            throw new IllegalArgumentException(arguments.size() + " arguments for " + layout);
        }
        int bytes = layout.isEmpty()
                ? 0
                : layout.getLast().offset() + layout.getLast().bytes();
        ByteBuffer buffer = arena.allocate(Math.max(1, bytes)).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < arguments.size(); i++) {
            int at = layout.get(i).offset();
            switch (arguments.get(i)) {
                case Integer value -> buffer.putInt(at, value);
                case Long value -> buffer.putLong(at, value);
                case Float value -> buffer.putFloat(at, value);
                case Double value -> buffer.putDouble(at, value);
                case byte[] value -> buffer.put(at, value);
                case Object other -> throw new IllegalArgumentException(String.valueOf(other));
            }
        }
        return buffer;
    }

    @Override
    public void close() {
        module.close();
        memory.close();
    }
}
