package org.v4vgpu.device.ptx.runtime;

import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.ptx.runtime.AccessHistory.Conflict;
import org.v4vgpu.proto.CudaStatus;

/**
 * Watches the memory accesses of the block that a worker runs, for a kernel that was compiled with {@link Checks}. What it finds
 * ends the launch with LAUNCH_FAILED, or ILLEGAL_ADDRESS where an allocation was left. Confined to one worker.
 *
 * <p>Where both are looked for, a read of what nobody has written is told at the next barrier of the block: a write by another thread before it
 * makes it a race, whose reader came first.
 *
 * <p>A write that leaves what stands there does not race with another write: many threads may set one flag. Atomic, volatile,
 * relaxed, acquire and release accesses do not race with each other, and order what is around them by their address, so that locks
 * are no races.
 */
public final class AccessChecks {
    // What an access is: bits of the kind that generated code passes.
    public static final int READ = 1;
    public static final int WRITE = 2;
    /** Atomic, volatile or with a memory order. */
    public static final int STRONG = 4;
    /** The value that is written comes with it. */
    public static final int VALUE = 8;

    public static final int SHARED = 16;
    public static final int GLOBAL = 32;

    private final Launch launch;
    private final LaunchShape shape;
    private final Checks checks;
    private final FaultContext faults;
    private final WarpClocks clocks;
    private final AccessHistory history;
    private final ThreadBlock block;

    /** The first read of what nobody had written, where races are looked for. */
    private @Nullable Unwritten unwritten;

    /** A read of shared memory that nobody had written. */
    private record Unwritten(int thread, int address, int bytes, int line) {
        KernelFault fault() {
            return new KernelFault(
                    CudaStatus.LAUNCH_FAILED,
                    "read of uninitialised shared memory at 0x" + Integer.toHexString(address) + " ("
                            + AccessChecks.bytes(bytes) + ")");
        }
    }

    /** @param block whose memory has its size */
    AccessChecks(Launch launch, ThreadBlock block) {
        this.launch = launch;
        this.shape = launch.shape();
        this.checks = launch.checks();
        this.faults = launch.faults();
        this.clocks = new WarpClocks((int) shape.threadsPerBlock());
        this.history = new AccessHistory(block.sharedBytes);
        this.block = block;
    }

    // Called by generated code

    /**
     * Before a thread accesses memory.
     *
     * @param address in the space that the kind names; generic if it names none
     * @param value what is written, if the kind has {@link #VALUE}
     */
    public static void access(ThreadBlock block, int thread, long address, long value, int bytes, int kind, int line) {
        AccessChecks watching = block.checks;
        if (watching != null) {
            watching.access(thread, address, value, bytes, kind, line);
        }
    }

    /**
     * Before cp.async: shared memory is written, global memory is read as far as it is taken. The copy is made at once, so that a read
     * which does not wait for it is not found.
     */
    public static void copy(ThreadBlock block, int to, long from, int bytes, int taken, int thread, int line) {
        AccessChecks watching = block.checks;
        if (watching != null) {
            watching.access(thread, to & 0xFFFF_FFFFL, 0, bytes, WRITE | SHARED, line);
            if (taken > 0 && taken <= bytes) {
                watching.access(thread, from, 0, taken, READ | GLOBAL, line);
            }
        }
    }

    /** After an instruction that moves shared memory in ways that are not watched: all of it counts as written, by nobody. */
    public static void unwatched(ThreadBlock block) {
        AccessChecks watching = block.checks;
        if (watching != null) {
            watching.history.fill();
        }
    }

    // Called by the scheduler of the block

    /** A block begins. */
    void begin() {
        clocks.reset();
        history.clear();
        unwritten = null;
        // What the block before has left must not look as if this one had written it.
        Arrays.fill(block.shared, 0);
    }

    /** All threads of the block have ended. */
    void end() {
        requireWritten();
    }

    /** What to tell about a failure: what was read and never written may have led to it. */
    RuntimeException causeOf(RuntimeException thrown) {
        boolean otherwise = thrown instanceof KernelFault fault
                && (fault.isOfBlock() || fault.status().equals(CudaStatus.LAUNCH_TIMEOUT));
        if (otherwise || unwritten == null) {
            return thrown;
        }
        return faultOf(unwritten);
    }

    /** All threads of the block have met. */
    void barrier() {
        requireWritten();
        clocks.barrier();
    }

    void arrive(int id, int thread) {
        clocks.arrive(id, thread);
    }

    /** Some threads of the block have met. */
    void barrier(int id, BitSet threads) {
        clocks.barrier(id, threads.stream().boxed().toList());
    }

    /** Lanes of a thread's warp have met. */
    void warp(int thread) {
        clocks.warp(thread);
    }

    // The checks

    private void access(int thread, long address, long value, int bytes, int kind, int line) {
        boolean isShared =
                (kind & SHARED) != 0 || ((kind & GLOBAL) == 0 && address >>> 32 == GenericAccess.SHARED_WINDOW >>> 32);
        if (isShared) {
            shared(thread, (int) address, value, bytes, kind, line);
        } else if (checks.memory() && ((kind & GLOBAL) != 0 || !GenericAccess.isInWindow(address))) {
            DeviceHeap heap = launch.heap();
            boolean given = heap == null || !heap.covers(address) || heap.holds(address, bytes);
            if (!given || !launch.window().holds(address, bytes)) {
                throw KernelFault.illegalAddress(address);
            }
        }
    }

    private void shared(int thread, int address, long value, int bytes, int kind, int line) {
        if (address < 0 || bytes > history.bytes() - address || (address & (bytes - 1)) != 0) {
            return; // The access itself ends the kernel.
        }
        boolean strong = (kind & STRONG) != 0;
        if (strong && checks.race()) {
            clocks.acquire(thread, address);
        }
        boolean same = (kind & VALUE) != 0 && value == valueAt(address, bytes);
        int interval = clocks.now(thread);
        for (int at = address; at < address + bytes; at++) {
            if ((kind & READ) != 0) {
                read(at, thread, address, bytes, strong, line, interval);
            }
            if ((kind & WRITE) != 0) {
                write(at, thread, address, bytes, strong, same, line, interval);
            }
        }
        if (strong && (kind & WRITE) != 0 && checks.race()) {
            clocks.release(thread, address);
        }
    }

    /** A barrier, or the end of the block: who may have been about to write what was read has not done it. */
    private void requireWritten() {
        if (unwritten != null) {
            throw faultOf(unwritten);
        }
    }

    private KernelFault faultOf(Unwritten read) {
        unwritten = null;
        block.faultThread = read.thread;
        return read.fault().at(read.line);
    }

    private void read(int at, int thread, int address, int bytes, boolean strong, int line, int interval) {
        if (checks.memory() && !history.isWritten(at)) {
            Unwritten read = new Unwritten(thread, address, bytes, line);
            if (!checks.race()) {
                throw read.fault();
            }
            // Threads run one after the other here: if a later one writes it with no barrier between, that is what is
            // wrong.
            if (unwritten == null) {
                unwritten = read;
            }
        }
        if (checks.race()) {
            refuse(history.writeBeside(at, thread, strong, clocks), thread, "reads", address, bytes, line);
            history.read(at, thread, interval, line, strong);
        }
    }

    private void write(
            int at, int thread, int address, int bytes, boolean strong, boolean same, int line, int interval) {
        if (checks.race()) {
            if (!(same && history.isWritten(at))) {
                refuse(history.writeBeside(at, thread, strong, clocks), thread, "writes", address, bytes, line);
            }
            refuse(history.readBeside(at, thread, strong, clocks), thread, "writes", address, bytes, line);
        }
        history.wrote(at, thread, interval, line, strong);
    }

    private void refuse(@Nullable Conflict other, int thread, String verb, int address, int bytes, int line) {
        if (other != null) {
            throw KernelFault.ofBlock(
                    CudaStatus.LAUNCH_FAILED,
                    "race in shared memory: thread " + FaultReport.point(thread, shape) + " " + verb + " "
                            + bytes(bytes) + " at 0x" + Integer.toHexString(address) + " ("
                            + FaultReport.line(faults, line) + ") that thread "
                            + FaultReport.point(other.thread(), shape) + (other.write() ? " writes (" : " reads (")
                            + FaultReport.line(faults, other.line()) + "), with no barrier between them");
        }
    }

    private static String bytes(int bytes) {
        return bytes + (bytes == 1 ? " byte" : " bytes");
    }

    /** What stands in shared memory now, zero-extended; what is written is compared with it. */
    private long valueAt(int address, int bytes) {
        long value = 0;
        for (int i = 0; i < Math.min(8, bytes); i++) {
            int at = address + i;
            value |= ((block.shared[at >> 2] >>> ((at & 3) << 3)) & 0xFFL) << (8 * i);
        }
        return value;
    }
}
