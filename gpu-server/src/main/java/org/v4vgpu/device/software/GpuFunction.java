package org.v4vgpu.device.software;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceFunction.Parameter;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.LaunchShape;

/** A kernel of a {@link GpuModule}. Safe for any thread. */
public final class GpuFunction {
    private final DeviceContext context;
    private final DeviceFunction function;
    private final int parameterBytes;

    GpuFunction(DeviceContext context, DeviceFunction function) {
        this.context = context;
        this.function = function;
        List<Parameter> parameters = function.parameters();
        this.parameterBytes = parameters.isEmpty()
                ? 0
                : parameters.getLast().offset() + parameters.getLast().bytes();
    }

    public String name() {
        return function.name();
    }

    /**
     * Whether the device knows how to run the kernel fastest. Until then it tries forms of it on some of the blocks, once the kernel has run
     * for some milliseconds: who measures launches it until this answers true, or for some seconds.
     */
    public boolean isSettled() {
        return !(function instanceof SoftwareFunction own) || own.kernel().isSettled();
    }

    /** Launches a row of blocks of a row of threads each. As {@link #launch(LaunchShape, Object...)}. */
    public void launch(int blocks, int threads, Object... arguments) throws DeviceException {
        launch(new LaunchShape(blocks, 1, 1, threads, 1, 1, 0), arguments);
    }

    /**
     * Launches the kernel and returns once that is enqueued.
     *
     * @param arguments {@link GpuMemory} for pointers, numbers of the parameter's size, a {@link MemorySegment} for a structure
     * @throws DeviceException INVALID_VALUE or LAUNCH_OUT_OF_RESOURCES for a shape that can't be had, or an earlier fault
     * @throws IllegalArgumentException for arguments that don't fit the kernel
     */
    public void launch(LaunchShape shape, Object... arguments) throws DeviceException {
        launch(context.defaultStream(), shape, arguments);
    }

    /** As {@link #launch(LaunchShape, Object...)}, in another stream of the GPU's context. */
    public void launch(DeviceStream stream, LaunchShape shape, Object... arguments) throws DeviceException {
        stream.launch(function, shape, pack(arguments));
        SoftwareGpu.awaitSpace(stream);
    }

    private MemorySegment pack(Object[] arguments) {
        List<Parameter> parameters = function.parameters();
        if (arguments.length != parameters.size()) {
            throw new IllegalArgumentException(
                    name() + " takes " + parameters.size() + " arguments, not " + arguments.length);
        }
        MemorySegment packed = MemorySegment.ofArray(new byte[parameterBytes]);
        for (int i = 0; i < arguments.length; i++) {
            put(packed, i, parameters.get(i), arguments[i]);
        }
        return packed;
    }

    private void put(MemorySegment packed, int index, Parameter parameter, Object argument) {
        int at = parameter.offset();
        long bytes = switch (argument) {
            case GpuMemory _, Long _, Double _ -> 8;
            case Integer _, Float _ -> 4;
            case Short _ -> 2;
            case Byte _ -> 1;
            case MemorySegment structure -> structure.byteSize();
            default ->
                throw new IllegalArgumentException("argument " + index + " of " + name() + " is a "
                        + argument.getClass().getName());
        };
        if (bytes != parameter.bytes()) {
            throw new IllegalArgumentException("argument " + index + " of " + name() + " has " + bytes
                    + " bytes, the parameter " + parameter.bytes());
        }
        switch (argument) {
            case GpuMemory memory -> packed.set(ValueLayout.JAVA_LONG_UNALIGNED, at, memory.address());
            case Long value -> packed.set(ValueLayout.JAVA_LONG_UNALIGNED, at, value);
            case Double value -> packed.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, at, value);
            case Integer value -> packed.set(ValueLayout.JAVA_INT_UNALIGNED, at, value);
            case Float value -> packed.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, value);
            case Short value -> packed.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, value);
            case Byte value -> packed.set(ValueLayout.JAVA_BYTE, at, value);
            case MemorySegment structure -> packed.asSlice(at, bytes).copyFrom(structure);
            default -> throw new AssertionError(argument);
        }
    }
}
