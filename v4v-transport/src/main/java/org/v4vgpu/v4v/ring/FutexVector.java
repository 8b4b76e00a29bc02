package org.v4vgpu.v4v.ring;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The words of one wait on several futexes, any of which ends it (futex2(2), Linux 5.16). Confined to the waiting thread.
 *
 * {@snippet lang = c :
 *   long syscall(SYS_futex_waitv, struct futex_waitv *waiters, unsigned count, unsigned flags, struct timespec *until, clockid_t clock);
 *   struct futex_waitv { uint64_t val; uint64_t uaddr; uint32_t flags; uint32_t reserved; };
 *   int clock_gettime(clockid_t clock, struct timespec *now);
 * }
 *
 * <p>Takes bare addresses, as {@link Futex} does, and may return without reason. Where the kernel or its sandbox refuses the call, a
 * wait is one on the first word alone, of at most {@value #BLIND_NANOS} nanoseconds.
 */
final class FutexVector {
    /** FUTEX_WAITV_MAX. */
    static final int MOST_WORDS = 128;

    /** How long a wait is that may miss a word. */
    static final long BLIND_NANOS = 1_000_000;

    private static final long NUMBER = 449; // on every architecture
    private static final int FUTEX2_SIZE_U32 = 2;
    private static final int CLOCK_MONOTONIC = 1;
    private static final int ENOSYS = 38;
    private static final int EPERM = 1;
    private static final long WORD_BYTES = 24;
    private static final long SECOND = 1_000_000_000L;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle SYSCALL = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.ADDRESS,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.ADDRESS,
                            ValueLayout.JAVA_INT),
                    Linker.Option.firstVariadicArg(1),
                    Linker.Option.captureCallState("errno"));
    private static final MethodHandle CLOCK = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("clock_gettime"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));

    private static volatile boolean refused;

    private final MemorySegment words = Arena.ofAuto().allocate(MOST_WORDS * WORD_BYTES, 8);
    private final MemorySegment until = Arena.ofAuto().allocate(16, 8);
    private final MemorySegment state = Arena.ofAuto().allocate(STATE);
    private int count;

    void clear() {
        count = 0;
    }

    /** Adds a word, which must have that value for the wait to begin. At most {@link #MOST_WORDS}. */
    void add(long address, int value) {
        long at = count++ * WORD_BYTES;
        words.set(ValueLayout.JAVA_LONG, at, value);
        words.set(ValueLayout.JAVA_LONG, at + 8, address);
        words.set(ValueLayout.JAVA_INT, at + 16, FUTEX2_SIZE_U32);
    }

    /** Sleeps until a word is rung, at most for that long. Returns for other reasons too. */
    void await(long nanos) {
        if (refused) {
            awaitFirst(nanos);
            return;
        }
        try {
            int _ = (int) CLOCK.invokeExact(CLOCK_MONOTONIC, until);
            long end = until.get(ValueLayout.JAVA_LONG, 8) + Math.min(nanos, Doorbell.SLICE_NANOS);
            until.set(ValueLayout.JAVA_LONG, 0, until.get(ValueLayout.JAVA_LONG, 0) + end / SECOND);
            until.set(ValueLayout.JAVA_LONG, 8, end % SECOND);
            // The result says only why a wait ended, and callers look at the rings again whatever the reason was.
            if ((long) SYSCALL.invokeExact(state, NUMBER, words, count, 0, until, CLOCK_MONOTONIC) < 0) {
                int errno = (int) ERRNO.get(state, 0L);
                if (errno == ENOSYS || errno == EPERM) {
                    refused = true;
                }
            }
        } catch (Throwable e) {
            throw new AssertionError("a futex downcall does not throw", e);
        }
    }

    private void awaitFirst(long nanos) {
        long address = words.get(ValueLayout.JAVA_LONG, 8);
        Futex.await(address, (int) words.get(ValueLayout.JAVA_LONG, 0), Math.min(nanos, BLIND_NANOS));
    }
}
