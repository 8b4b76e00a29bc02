package org.v4vgpu.device.ptx;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.ptx.runtime.Checks;
import org.v4vgpu.device.ptx.runtime.DeviceHeap;
import org.v4vgpu.device.ptx.runtime.FaultContext;
import org.v4vgpu.device.ptx.runtime.FormedKernel;
import org.v4vgpu.device.ptx.runtime.Grid;
import org.v4vgpu.device.ptx.runtime.KernelPlan;
import org.v4vgpu.device.ptx.runtime.Launch;
import org.v4vgpu.device.ptx.runtime.PrintfOutput;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Variable;
import org.v4vgpu.proto.CudaStatus;

/** A kernel bound to a context's memory. Safe for any thread: launches may run side by side. */
public final class Kernel implements DeviceFunction {
    // Source: CUDA C++ programming guide, technical specifications per compute capability.
    private static final int MOST_THREADS = 1024;
    private static final int MOST_BLOCK_Z = 64;
    private static final int MOST_GRID_YZ = 65_535;
    private static final int MOST_SHARED = 48 << 10;

    /** What a function may be given beyond that, static memory included: as compute capability 9.0. */
    public static final int MOST_SHARED_OPTIN = 227 << 10;

    /** Of all threads of a block together; a GPU has more, but every worker holds as much. */
    private static final long MOST_LOCAL_BYTES = 64L << 20;

    // Source: CUDA driver API, CUfunction_attribute.
    private static final int MAX_THREADS_PER_BLOCK = 0;
    private static final int SHARED_SIZE_BYTES = 1;
    private static final int CONST_SIZE_BYTES = 2;
    private static final int LOCAL_SIZE_BYTES = 3;
    private static final int NUM_REGS = 4;
    private static final int PTX_VERSION = 5;
    private static final int BINARY_VERSION = 6;
    private static final int MAX_DYNAMIC_SHARED_SIZE_BYTES = 8;
    private static final int PREFERRED_SHARED_MEMORY_CARVEOUT = 9;

    /** Instructions of all threads, at a nanosecond or less each. */
    private static final long MOST_BRIEF = 20_000;

    private final CompiledModule.Entry entry;
    private final GlobalMemory memory;
    private final long[] symbols;
    private final FaultContext faults;
    private final Checks checks;
    private final List<Parameter> parameters;
    private final Map<Integer, Integer> attributes;
    private final int straightInstructions;
    private final String module;

    /** What launches may ask for. */
    private volatile int dynamicShared;

    /** The shape that was checked last and found right: loops launch the same again, whose words of refusal need not be made. */
    private volatile @Nullable LaunchShape accepted;

    Kernel(CompiledModule.Entry entry, CompiledModule module, GlobalMemory memory, long[] symbols) {
        this.entry = entry;
        this.faults = new KernelFaults(module.module(), entry.compiled().lines(), memory);
        this.checks = module.checks();
        this.memory = memory;
        this.module = module.name();
        this.symbols = symbols;
        this.parameters = layOut(entry.function());
        this.dynamicShared = MOST_SHARED - plan().sharedBytes();
        this.straightInstructions = BriefKernels.instructions(entry.function().body());
        this.attributes = Map.of(
                MAX_THREADS_PER_BLOCK,
                Math.toIntExact(mostThreads()),
                SHARED_SIZE_BYTES,
                plan().sharedBytes(),
                CONST_SIZE_BYTES,
                (int) module.layout().constantBytes(),
                LOCAL_SIZE_BYTES,
                plan().localBytes(),
                NUM_REGS,
                registers(),
                PTX_VERSION,
                module.module().version(),
                BINARY_VERSION,
                75,
                PREFERRED_SHARED_MEMORY_CARVEOUT,
                -1);
    }

    @Override
    public String name() {
        return plan().name();
    }

    @Override
    public List<Parameter> parameters() {
        return parameters;
    }

    @Override
    public Map<Integer, Integer> attributes() {
        Map<Integer, Integer> now = new HashMap<>(attributes);
        now.put(MAX_DYNAMIC_SHARED_SIZE_BYTES, dynamicShared);
        return Map.copyOf(now);
    }

    @Override
    public void setMaxDynamicShared(int bytes) throws DeviceException {
        require(
                bytes >= 0 && bytes <= MOST_SHARED_OPTIN - plan().sharedBytes(),
                "up to " + bytes + " bytes of dynamic shared memory and " + plan().sharedBytes()
                        + " of its own exceed 0 .. " + MOST_SHARED_OPTIN);
        dynamicShared = bytes;
    }

    /** The registers of a thread, as CU_FUNC_ATTRIBUTE_NUM_REGS tells them. */
    public int registers() {
        return Math.min(255, entry.function().registers().size());
    }

    /** Tells the kernel's module from others: the same for the same text. */
    public String module() {
        return module;
    }

    /** The instructions of its text, without those of the functions that it calls. */
    public int instructions() {
        return (int) entry.function().body().stream()
                .filter(Instruction.class::isInstance)
                .count();
    }

    /**
     * Whether a launch of this shape ends in less time than it takes to wake a thread for it: it neither loops nor waits, and
     * executes few instructions in all.
     */
    public boolean isBrief(LaunchShape shape) {
        long blocks = (long) shape.gridX() * shape.gridY() * shape.gridZ();
        return straightInstructions >= 0
                && blocks <= MOST_BRIEF
                && blocks * shape.threadsPerBlock() * (straightInstructions + 1) <= MOST_BRIEF;
    }

    /**
     * Checks a launch without running it.
     *
     * @throws DeviceException INVALID_VALUE, LAUNCH_OUT_OF_RESOURCES, or CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE
     */
    public void check(LaunchShape shape, long parameterBytes) throws DeviceException {
        int most = dynamicShared;
        if (shape.sharedBytes() < 0 || shape.sharedBytes() > most) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "shared memory of " + plan().sharedBytes() + " + " + shape.sharedBytes()
                            + " bytes; its dynamic part may have " + most + ", and more after cuFuncSetAttribute");
        }
        checkBut(shape, parameterBytes);
    }

    /** All but what may have been changed since the launch was checked. */
    private void checkBut(LaunchShape shape, long parameterBytes) throws DeviceException {
        if (shape.equals(accepted) && parameterBytes >= plan().parameterBytes()) {
            return;
        }
        require(
                shape.gridX() > 0 && shape.gridY() > 0 && shape.gridZ() > 0,
                "grid " + shape.gridX() + " x " + shape.gridY() + " x " + shape.gridZ() + " has no blocks");
        require(
                shape.gridY() <= MOST_GRID_YZ && shape.gridZ() <= MOST_GRID_YZ,
                "grid " + shape.gridX() + " x " + shape.gridY() + " x " + shape.gridZ()
                        + " exceeds 2147483647 x 65535 x 65535");
        require(
                shape.blockX() > 0 && shape.blockY() > 0 && shape.blockZ() > 0,
                "block " + block(shape) + " has no threads");
        require(
                shape.blockX() <= MOST_THREADS
                        && shape.blockY() <= MOST_THREADS
                        && shape.blockZ() <= MOST_BLOCK_Z
                        && shape.threadsPerBlock() <= MOST_THREADS,
                "block " + block(shape) + " exceeds 1024 x 1024 x 64 or 1024 threads");
        require(
                shape.sharedBytes() >= 0 && (long) plan().sharedBytes() + shape.sharedBytes() <= MOST_SHARED_OPTIN,
                "shared memory of " + plan().sharedBytes() + " + " + shape.sharedBytes() + " bytes exceeds "
                        + MOST_SHARED_OPTIN);
        require(
                parameterBytes >= plan().parameterBytes(),
                parameterBytes + " parameter bytes, " + plan().parameterBytes() + " are needed");
        List<Integer> required = entry.function().requiredThreads();
        if (!required.isEmpty() && !required.equals(List.of(shape.blockX(), shape.blockY(), shape.blockZ()))) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE, name() + ": block " + block(shape) + ", .reqntid asks for " + required);
        }
        if (shape.threadsPerBlock() > mostThreads()) {
            throw new DeviceException(
                    CudaStatus.LAUNCH_OUT_OF_RESOURCES,
                    name() + ": block " + block(shape) + " exceeds .maxntid, " + mostThreads() + " threads");
        }
        if (plan().threadBytes() * shape.threadsPerBlock() > MOST_LOCAL_BYTES) {
            throw new DeviceException(
                    CudaStatus.LAUNCH_OUT_OF_RESOURCES,
                    name() + ": " + plan().threadBytes() + " bytes of local memory and registers for each of "
                            + shape.threadsPerBlock() + " threads exceed " + MOST_LOCAL_BYTES + " bytes per block");
        }
        Grid.check(plan(), shape);
        accepted = shape;
    }

    /** What {@link #reserve} takes of the memory, at most. */
    public long bytesToReserve() {
        long heap = plan().needs().contains(KernelPlan.Need.HEAP) ? memory.heapBytesToCome() : 0;
        return heap + (plan().needs().contains(KernelPlan.Need.WORKSPACE) ? GlobalMemory.GRANULE : 0);
    }

    /**
     * Allocates what a launch needs besides its parameters, so that {@link #run} can't fail for want of memory.
     *
     * @return the launch's workspace, to be given to {@link #run} or {@link #release}
     * @throws DeviceException OUT_OF_MEMORY
     */
    public long reserve() throws DeviceException {
        if (plan().needs().contains(KernelPlan.Need.HEAP)) {
            memory.heap();
        }
        return plan().needs().contains(KernelPlan.Need.WORKSPACE) ? memory.allocate(GlobalMemory.GRANULE) : 0;
    }

    /** Gives back what {@link #reserve} has answered. */
    public void release(long workspace) throws DeviceException {
        if (workspace != 0) {
            memory.free(workspace);
        }
    }

    /**
     * Runs the whole grid and returns when it is done. Small grids run on the calling thread, larger ones on all cores.
     *
     * @param parameters the parameter bytes, laid out as {@link #parameters} says
     * @param workspace of {@link #reserve}; released when the launch is done
     * @param cancellation polled at back edges and between blocks; when it is set the launch ends with LAUNCH_TIMEOUT
     * @param output where printf writes, at most 1 MiB of text; the same object for all launches that share it
     * @throws DeviceException ILLEGAL_ADDRESS and its kind, with kernel, block, thread and PTX line in the message
     */
    public void run(
            LaunchShape shape, MemorySegment parameters, long workspace, Cancellation cancellation, Appendable output)
            throws DeviceException {
        try {
            checkBut(shape, parameters.byteSize());
            boolean allocates = plan().needs().contains(KernelPlan.Need.HEAP);
            DeviceHeap heap = allocates ? memory.heap() : checks.memory() ? memory.heapIfAny() : null;
            Launch launch = new Launch(
                    plan(),
                    entry.compiled().code(),
                    shape,
                    words(parameters),
                    checks.memory() ? memory.exactWindow() : memory.window(),
                    symbols,
                    heap,
                    workspace,
                    cancellation,
                    new PrintfOutput(output),
                    faults,
                    checks);
            new Grid(launch).run();
        } finally {
            release(workspace);
        }
    }

    /**
     * Runs strips of threads as vectors from now on, or each thread for itself, whether that is faster or not; left alone, a kernel finds
     * out. Holds for the kernel in all contexts.
     *
     * @return false where the kernel or this JVM has no such form
     */
    public boolean useStrips(boolean strips) {
        return entry.compiled().code() instanceof FormedKernel forms && forms.use(strips);
    }

    /** Whether it is known in which form the kernel runs fastest, or there is only one; false while the device finds out. */
    public boolean isSettled() {
        return !(entry.compiled().code() instanceof FormedKernel forms) || forms.isSettled();
    }

    /** How many blocks have begun in strips and ended otherwise, where they are used. */
    public long blocksThatLeftStrips() {
        return entry.compiled().code() instanceof FormedKernel forms ? forms.blocksLeft() : 0;
    }

    /** How many blocks have run in strips whose threads had parted by their coordinates, to the end. */
    public long blocksThatParted() {
        return entry.compiled().code() instanceof FormedKernel forms ? forms.blocksParted() : 0;
    }

    private KernelPlan plan() {
        return entry.compiled().plan();
    }

    private long mostThreads() {
        long limit = MOST_THREADS;
        for (List<Integer> bound :
                List.of(entry.function().maxThreads(), entry.function().requiredThreads())) {
            if (!bound.isEmpty()) {
                limit = Math.min(limit, (long) bound.get(0) * bound.get(1) * bound.get(2));
            }
        }
        return limit;
    }

    private int[] words(MemorySegment bytes) {
        int[] words = new int[(plan().parameterBytes() + 3) / 4];
        MemorySegment.copy(bytes, 0, MemorySegment.ofArray(words), 0, plan().parameterBytes());
        return words;
    }

    private static List<Parameter> layOut(Function function) {
        List<Parameter> found = new ArrayList<>();
        int end = 0;
        for (Variable variable : function.parameters()) {
            int align = Math.max(1, variable.align());
            int offset = end + align - 1 & -align;
            found.add(new Parameter(offset, (int) variable.bytes()));
            end = offset + (int) variable.bytes();
        }
        return List.copyOf(found);
    }

    private void require(boolean condition, String otherwise) throws DeviceException {
        if (!condition) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, name() + ": " + otherwise);
        }
    }

    private static String block(LaunchShape shape) {
        return shape.blockX() + " x " + shape.blockY() + " x " + shape.blockZ();
    }
}
