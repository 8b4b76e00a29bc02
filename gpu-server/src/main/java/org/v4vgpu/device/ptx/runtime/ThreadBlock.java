package org.v4vgpu.device.ptx.runtime;

import java.io.Writer;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/**
 * The state of the thread block that a worker runs: what its threads share, and what each keeps while it waits. Reused from block to
 * block and from launch to launch. Confined to its worker. Fields are public for generated code.
 */
public final class ThreadBlock {
    /** How often threads pass spin loops before one of them lets the others run. */
    private static final int SPINS = 16;

    /** How many blocks that run in one go do so from poll to poll, a power of two. */
    private static final int BLOCKS_PER_POLL = 8;

    /** Registers of one kind that an instruction names, at most. */
    public static final int LANE_ROWS = 16;

    /** Steps between a strip's words whose multiples are kept. */
    private static final int STEPS = 16;

    /** Not a program counter. */
    private static final int APART = Integer.MIN_VALUE + 2;

    private static final int MOST_WORDS_KEPT = 1 << 20;
    private static final int[] NO_WORDS = {};
    private static final int[][] NO_INTS = {};
    private static final long[][] NO_LONGS = {};
    private static final float[][] NO_FLOATS = {};
    private static final double[][] NO_DOUBLES = {};
    private static final long[] NO_SYMBOLS = {};
    private static final byte[] NO_MAP = {};
    static final LaunchShape NO_SHAPE = new LaunchShape(0, 0, 0, 0, 0, 0, 0);
    private static final PrintfOutput NOWHERE = new PrintfOutput(Writer.nullWriter());

    public int threads;
    public int ntidX;
    public int ntidY;
    public int ntidZ;
    public int nctaidX;
    public int nctaidY;
    public int nctaidZ;
    public int ctaidX;
    public int ctaidY;
    public int ctaidZ;
    public int[] tidX = new int[0];
    public int[] tidY = new int[0];
    public int[] tidZ = new int[0];

    public int[] shared = new int[0];
    public int[] local = new int[0];
    public int localStride;
    public int[] parameters = new int[0];
    public int sharedBytes;
    public int dynamicSharedBytes;

    public byte[] map = new byte[0];
    public long base;
    public long delta;
    public long[] symbols = new long[0];

    public int[] pc = new int[0];
    public int[][] ints = new int[0][];
    public long[][] longs = new long[0][];
    public float[][] floats = new float[0][];
    public double[][] doubles = new double[0][];
    public long[] uniformIn = new long[0];
    public long[] uniformOut = new long[0];
    public int[][] operands = NO_INTS;
    public int[][] results = NO_INTS;
    public long workspace;

    /** Whether strips of its threads run as vectors: so far, none has parted. */
    public boolean inStrips;

    /** Whether strips part where comparisons of coordinates come out differently; set while {@link #inStrips} is. */
    public boolean inParts;

    /** How many of the blocks behind it in its row may be run in one go with it. */
    int following;

    /** Of them, how many it has become. */
    private int passed;

    /** Threads of strips that have found out only amid a region that they part so, and of the strips behind these. */
    int strayed;

    /** Whether they did when the block began. */
    boolean beganInStrips;

    boolean beganInParts;

    /** The program counter of all threads, where {@link #pc} is not written because it is the same, or APART. Of strips only. */
    public int together = APART;

    /** Where live memory was found in this launch. */
    public final LiveRanges ranges = new LiveRanges();

    // What single threads of a strip take and give, within one instruction.
    public final int[][] laneInts = new int[LANE_ROWS][Strips.WARP];
    public final long[][] laneLongs = new long[LANE_ROWS][Strips.WARP];
    public final float[][] laneFloats = new float[LANE_ROWS][Strips.WARP];
    public final double[][] laneDoubles = new double[LANE_ROWS][Strips.WARP];

    /** What is on its way between a strip's vectors and words that do not lie side by side. */
    public final int[] strip = new int[Strips.THREADS];

    public final long[] stripLongs = new long[Strips.THREADS];

    /** Multiples of steps, by the low bits of these. */
    private final int[][] steps = new int[STEPS][2];

    /** The same where strips are warps. */
    public final int[] warp = new int[Strips.WARP];

    public final long[] warpLongs = new long[Strips.WARP];

    /** What the lanes of a warp look at of each other: theirs stand in the middle. */
    public final int[] exchange = new int[3 * Strips.WARP];

    /** The form of strips that fits the block, where its kernel has one. */
    @Nullable
    StripForm form;

    /** What the block is to the trial of its kernel's forms, and when it began. */
    FormTrial.Part part = FormTrial.Part.NONE;

    long trialStart;

    /** Calls that had a form without trial. */
    int settled;

    /** The shape of the launch. */
    LaunchShape shape = NO_SHAPE;

    /** The thread that failed, when a region ends by an exception. */
    public int faultThread;

    /** Watches the accesses of a kernel that was compiled with checks. */
    @Nullable
    AccessChecks checks;

    private @Nullable DeviceHeap heap;
    final int[] arrived = new int[16];
    private int counted;

    /** The block that was placed last in this launch, or one that has no next. */
    private long placed = Long.MIN_VALUE;

    private int turns;
    private BooleanSupplier cancellation = ThreadBlock::never;
    private PrintfOutput output = NOWHERE;
    private int shapeX;
    private int shapeY;
    private int shapeZ;

    /**
     * Prepares for a launch: sizes what is too small, clears shared memory.
     *
     * @param stop polled now and then; ends the kernel when it answers true
     */
    void begin(Launch launch, BooleanSupplier stop) {
        inStrips = false;
        following = 0;
        passed = 0;
        together = APART;
        ranges.clear();
        placed = Long.MIN_VALUE;
        shape = launch.shape();
        KernelPlan plan = launch.plan();
        threads = (int) shape.threadsPerBlock();
        placeThreads(shape);
        nctaidX = shape.gridX();
        nctaidY = shape.gridY();
        nctaidZ = shape.gridZ();
        sharedBytes = plan.sharedBytes() + shape.sharedBytes();
        dynamicSharedBytes = shape.sharedBytes();
        // Not larger than asked for: the array's bounds are the kernel's bounds.
        int sharedWords = (sharedBytes + 3) / 4;
        if (shared.length == sharedWords) {
            Arrays.fill(shared, 0);
        } else {
            shared = new int[sharedWords];
        }
        localStride = (plan.localBytes() + 3) / 4;
        int localWords = localStride * threads;
        if (local.length == localWords) {
            Arrays.fill(local, 0);
        } else {
            local = new int[localWords];
        }
        parameters = launch.parameters();
        map = launch.window().map();
        base = launch.window().base();
        delta = launch.window().delta();
        symbols = launch.symbols();
        heap = launch.heap();
        workspace = launch.workspace();
        cancellation = stop;
        output = launch.output();
        checks = launch.checks().isAny() ? new AccessChecks(launch, this) : null;
        if (plan.isSynchronizing()) {
            sizeRows(plan);
        }
    }

    /** Lets go of everything that belongs to a launch, and of memory that few kernels need. Allocates nothing. */
    void end() {
        parameters = NO_WORDS;
        symbols = NO_SYMBOLS;
        heap = null;
        map = NO_MAP;
        form = null;
        cancellation = ThreadBlock::never;
        output = NOWHERE;
        checks = null;
        if (local.length > MOST_WORDS_KEPT) {
            local = NO_WORDS;
        }
        if (pc.length * (ints.length + floats.length + 2L * longs.length + 2L * doubles.length) > MOST_WORDS_KEPT) {
            ints = NO_INTS;
            longs = NO_LONGS;
            floats = NO_FLOATS;
            doubles = NO_DOUBLES;
        }
    }

    /** Called where a function with a frame begins: what lies beyond the thread's local memory is another thread's. */
    public void requireStack(int endBytes) {
        if (endBytes > 4 * localStride || endBytes < 0) {
            throw new KernelFault(
                    CudaStatus.LAUNCH_FAILED,
                    "stack overflow: local memory of " + 4 * localStride + " bytes is used up");
        }
    }

    /** Polls now and then: called where a function begins and at its back edges. */
    public void count() {
        if ((++counted & 0x3FF) == 0) {
            poll();
        }
    }

    /**
     * Called at each pass of a spin loop: whether the thread shall let others run. Counted for the block and not for the thread, since
     * a loop may give control back to the scheduler on every pass, and since at last only threads that wait are left.
     */
    public boolean yields() {
        return ++turns % SPINS == 0;
    }

    /** Called at a kernel's back edges now and then, and whenever the scheduler runs threads. */
    public void poll() {
        if (cancellation.getAsBoolean()) {
            throw new KernelFault(CudaStatus.LAUNCH_TIMEOUT, "cancelled");
        }
    }

    /** All threads stand at the entry. */
    void beginThreads() {
        if (inStrips) {
            together = 0;
        } else {
            together = APART;
            Arrays.fill(pc, 0, threads, 0);
        }
    }

    /** Writes what all program counters are, before they cease to be the same. */
    void part() {
        if (together != APART) {
            Arrays.fill(pc, 0, threads, together);
            together = APART;
        }
    }

    /** The same amid a region, which the threads before {@code at} have run. */
    public void part(int from, int at, int to, int done, int expected) {
        Arrays.fill(pc, from, at, done);
        Arrays.fill(pc, at, to, expected);
        together = APART;
    }

    /** A strip goes on in the form that parts by place, and with it so many threads and its block. */
    public void partStrips(int threads) {
        inParts = true;
        strayed += threads;
        following = 0;
    }

    /** Its threads run singly from now on. */
    public void leaveStrips() {
        inStrips = false;
        following = 0;
    }

    /** Becomes the next block of its row, which is run in one go with it; answers false where there is none. */
    public boolean goOn() {
        if (following <= 0) {
            return false;
        }
        if ((following & (BLOCKS_PER_POLL - 1)) == 0) {
            poll();
        }
        following--;
        passed++;
        ctaidX++;
        return true;
    }

    /** How many blocks have been run before it in one go. */
    int takePassed() {
        int taken = passed;
        placed += taken;
        passed = 0;
        return taken;
    }

    /** The multiples of a step that the threads of a strip are apart by. Not to be written. */
    public int[] steps(int step) {
        int[] known = steps[step & (STEPS - 1)];
        if (known[1] != step) {
            known = new int[Strips.WARP];
            for (int t = 0; t < Strips.WARP; t++) {
                known[t] = t * step;
            }
            steps[step & (STEPS - 1)] = known;
        }
        return known;
    }

    /** Has some threads begin at a continuation, for the scheduler to run. */
    public void place(int from, int count, int entry) {
        Arrays.fill(pc, from, from + count, entry);
    }

    private static boolean never() {
        return false;
    }

    DeviceHeap heap() {
        if (heap == null) {
            throw new IllegalStateException("the launch has brought no heap");
        }
        return heap;
    }

    PrintfOutput output() {
        return output;
    }

    void place(long block) {
        if (block == placed + 1 && ctaidX + 1 < nctaidX) {
            ctaidX++; // Dividing takes as long as many a block.
        } else {
            ctaidX = (int) (block % nctaidX);
            long rest = block / nctaidX;
            ctaidY = (int) (rest % nctaidY);
            ctaidZ = (int) (rest / nctaidY);
        }
        placed = block;
        if (checks != null) {
            checks.begin();
        }
    }

    private void placeThreads(LaunchShape shape) {
        if (shape.blockX() == shapeX && shape.blockY() == shapeY && shape.blockZ() == shapeZ) {
            return;
        }
        ntidX = shapeX = shape.blockX();
        ntidY = shapeY = shape.blockY();
        ntidZ = shapeZ = shape.blockZ();
        tidX = new int[threads];
        tidY = new int[threads];
        tidZ = new int[threads];
        for (int t = 0; t < threads; t++) {
            tidX[t] = t % ntidX;
            tidY[t] = t / ntidX % ntidY;
            tidZ[t] = t / (ntidX * ntidY);
        }
    }

    private void sizeRows(KernelPlan plan) {
        if (pc.length < threads) {
            pc = new int[threads];
            operands = NO_INTS;
            results = NO_INTS;
            ints = new int[0][];
            longs = new long[0][];
            floats = new float[0][];
            doubles = new double[0][];
        }
        int row = pc.length;
        if (operands.length < plan.operandRows()) {
            operands = new int[plan.operandRows()][row];
        }
        if (results.length < plan.resultRows()) {
            results = new int[plan.resultRows()][row];
        }
        if (ints.length < plan.intRows()) {
            ints = new int[plan.intRows()][row];
        }
        if (longs.length < plan.longRows()) {
            longs = new long[plan.longRows()][row];
        }
        if (floats.length < plan.floatRows()) {
            floats = new float[plan.floatRows()][row];
        }
        if (doubles.length < plan.doubleRows()) {
            doubles = new double[plan.doubleRows()][row];
        }
        if (uniformIn.length < plan.uniforms()) {
            uniformIn = new long[plan.uniforms()];
            uniformOut = new long[plan.uniforms()];
        }
    }
}
