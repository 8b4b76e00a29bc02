package org.v4vgpu.bench.kernel;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.bench.opencl.OpenClProcess;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.software.GpuFunction;
import org.v4vgpu.device.software.GpuMemory;
import org.v4vgpu.device.software.GpuModule;

/**
 * One piece of work that a kernel, Java loops and OpenCL do, each with arrays of its own. Confined to one thread.
 *
 * <p>A duel says in its constructor what arrays there are and what is launched with them, in {@link #inJava} what loops do with the same
 * arrays, and in {@link #isRight} what the results must be to each other.
 */
public abstract class KernelDuel implements AutoCloseable {
    static final long SEED = 20150421;
    static final long OTHER_SEED = 20261123;

    private final DuelGround ground;
    private final DuelGround.Source source;
    private final String kind;
    private final long bytes;

    /** What one run's time is divided by: iterations, or barriers of threads. */
    private final double parts;

    private final IdentityHashMap<Object, Data> arrays = new IdentityHashMap<>();
    private final List<Step> steps = new ArrayList<>();
    private @Nullable GpuModule module;
    private List<GpuFunction> functions = List.of();

    /** What the side that is judged has left in the arrays that change. */
    private final IdentityHashMap<Object, Object> found = new IdentityHashMap<>();

    /**
     * An array.
     *
     * @param java what the loops use
     * @param start what is in it before anything runs; null for one that nobody writes
     */
    private record Data(
            String name, MemorySegment java, @Nullable MemorySegment start, GpuMemory device) {}

    private record Step(String kernel, LaunchShape shape, List<Object> arguments) {}

    /**
     * @param kind of its results
     * @param bytes of one of its arrays
     * @param parts what a run's time is divided by
     */
    KernelDuel(DuelGround ground, DuelGround.Source source, String kind, long bytes, double parts) {
        this.ground = ground;
        this.source = source;
        this.kind = kind;
        this.bytes = bytes;
        this.parts = parts;
    }

    // ---- what a duel says

    /** An array of numbers that nobody writes. */
    final <A> A given(A array) throws DeviceException {
        return add(array, null);
    }

    /** An array that is written; all sides begin with what is in it now. */
    final <A> A changing(A array) throws DeviceException {
        MemorySegment start = segment(like(array));
        return add(array, start.copyFrom(segment(array)));
    }

    private <A> A add(A array, @Nullable MemorySegment start) throws DeviceException {
        MemorySegment java = segment(array);
        GpuMemory device = ground.gpu().allocate(java.byteSize());
        device.copyFrom(java);
        arrays.put(array, new Data("array" + arrays.size(), java, start, device));
        return array;
    }

    /**
     * Adds a launch to what is run. In OpenCL the kernel has the same name.
     *
     * @param arguments arrays that were named before, numbers, segments for structures
     */
    final void launch(String kernel, LaunchShape shape, Object... arguments) throws DeviceException {
        if (module == null) {
            module = load(source.text());
        }
        steps.add(new Step(kernel, shape, List.of(arguments)));
        functions = functions(module);
    }

    /** Shares a loop among threads. */
    final void share(int count, JavaLoops.Piece piece) {
        ground.loops().share(count, piece);
    }

    /** What the kernel or OpenCL has left in an array that changes. */
    @SuppressWarnings("unchecked") // of the same class as the array
    final <A> A found(A array) {
        return (A) Objects.requireNonNull(found.get(array), "no such array");
    }

    /** Sets a module's variables, where it has some. */
    void prepare(GpuModule loaded) throws DeviceException {}

    /** Whether there is the same kernel in OpenCL. */
    public boolean isInOpenCl() {
        return true;
    }

    /** Does the work with loops. */
    public abstract void inJava();

    /** Whether the loops and the other side agree: here, to the bit in all arrays that change. */
    boolean isRight() {
        return found.entrySet().stream()
                .allMatch(entry -> segment(entry.getKey()).mismatch(segment(entry.getValue())) < 0);
    }

    // ---- what is done with it

    /** Which compilers and targets {@link #verifyTargets} is about. */
    public static List<String> targets() {
        return DuelGround.TARGETS;
    }

    /** The kind of its results. */
    public final String kind() {
        return kind;
    }

    /** Of one of its arrays. */
    public final long bytes() {
        return bytes;
    }

    /** A run's time as it counts. */
    public final long share(long nanos) {
        return Math.max(1, Math.round(nanos / parts));
    }

    /** Does the work with the kernel, and waits for it. */
    public final void onDevice() throws DeviceException {
        run(functions);
    }

    /** Whether the device knows how to run its kernels fastest. */
    public final boolean isSettled() {
        return functions.stream().allMatch(GpuFunction::isSettled);
    }

    /** Gives the work to OpenCL, with the data as it is at the start. */
    public final void prepare(OpenClProcess cl) throws IOException {
        for (Data data : arrays.values()) {
            cl.buffer(data.name, data.java.byteSize());
            cl.write(data.name, start(data));
        }
        for (Step step : steps) {
            LaunchShape shape = step.shape;
            cl.launch(
                    step.kernel,
                    shape.gridX() * shape.blockX(),
                    shape.gridY() * shape.blockY(),
                    shape.blockX(),
                    shape.blockY(),
                    arguments(step, data -> data.name));
        }
    }

    /**
     * Does it once more, on both sides from the same start.
     *
     * @throws IllegalStateException if the results differ
     */
    public final void verify() throws DeviceException {
        verify(functions, "the kernel");
    }

    /**
     * As {@link #verify()}, with the kernel as other compilers make it and for other targets.
     *
     * @return how many of these there are
     */
    public final int verifyTargets() throws DeviceException, IOException {
        String file = source.file();
        if (file == null) {
            return 0;
        }
        for (String target : DuelGround.TARGETS) {
            try (GpuModule other = load(ground.text(file, target))) {
                verify(functions(other), "the kernel of " + target);
            }
        }
        return DuelGround.TARGETS.size();
    }

    /** As {@link #verify()}, of OpenCL. */
    public final void verify(OpenClProcess cl) throws IOException {
        for (Data data : arrays.values()) {
            cl.write(data.name, start(data));
        }
        cl.run();
        found.clear();
        for (Map.Entry<Object, Data> each : arrays.entrySet()) {
            if (each.getValue().start != null) {
                Object left = like(each.getKey());
                cl.read(each.getValue().name, segment(left));
                found.put(each.getKey(), left);
            }
        }
        judge("OpenCL");
    }

    @Override
    public final void close() throws DeviceException {
        for (Data data : arrays.values()) {
            data.device.close();
        }
        GpuModule loaded = module;
        if (loaded != null) {
            loaded.close();
        }
    }

    // ---- steps

    private GpuModule load(String text) throws DeviceException {
        GpuModule loaded = ground.gpu().load(text);
        prepare(loaded);
        return loaded;
    }

    private List<GpuFunction> functions(GpuModule of) throws DeviceException {
        List<GpuFunction> list = new ArrayList<>();
        for (Step step : steps) {
            list.add(of.function(step.kernel));
        }
        return list;
    }

    private void run(List<GpuFunction> kernels) throws DeviceException {
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            kernels.get(i).launch(step.shape, arguments(step, Data::device));
        }
        ground.gpu().synchronize();
    }

    private void verify(List<GpuFunction> kernels, String side) throws DeviceException {
        for (Data data : arrays.values()) {
            data.device.copyFrom(start(data));
        }
        run(kernels);
        found.clear();
        for (Map.Entry<Object, Data> each : arrays.entrySet()) {
            if (each.getValue().start != null) {
                Object left = like(each.getKey());
                each.getValue().device.copyTo(segment(left));
                found.put(each.getKey(), left);
            }
        }
        judge(side);
    }

    private void judge(String side) {
        for (Data data : arrays.values()) {
            data.java.copyFrom(start(data));
        }
        inJava();
        boolean right = isRight();
        found.clear();
        if (!right) {
            throw new IllegalStateException("the result of " + kind + " by " + side + " is wrong");
        }
    }

    private interface Use {
        Object of(Data data);
    }

    private Object[] arguments(Step step, Use use) {
        Object[] arguments = step.arguments.toArray();
        for (int i = 0; i < arguments.length; i++) {
            Data data = arrays.get(arguments[i]);
            if (data != null) {
                arguments[i] = use.of(data);
            }
        }
        return arguments;
    }

    private static MemorySegment start(Data data) {
        return data.start == null ? data.java : data.start;
    }

    /** An array of the same class and length. */
    private static Object like(Object array) {
        return Array.newInstance(array.getClass().getComponentType(), Array.getLength(array));
    }

    private static MemorySegment segment(Object array) {
        return switch (array) {
            case byte[] values -> MemorySegment.ofArray(values);
            case int[] values -> MemorySegment.ofArray(values);
            case float[] values -> MemorySegment.ofArray(values);
            case double[] values -> MemorySegment.ofArray(values);
            default -> throw new IllegalArgumentException("no array of numbers: " + array.getClass());
        };
    }

    // ---- for duels

    /** A row of blocks that has a thread for each of so many. */
    static LaunchShape row(int count, int block) {
        return new LaunchShape((count + block - 1) / block, 1, 1, block, 1, 1, 0);
    }

    /** Blocks that cover a field. */
    static LaunchShape field(int width, int height, int blockX, int blockY) {
        return new LaunchShape((width + blockX - 1) / blockX, (height + blockY - 1) / blockY, 1, blockX, blockY, 1, 0);
    }

    /** Between -1 and 1. */
    static float[] random(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextInt() * 0x1p-31f;
        }
        return values;
    }
}
