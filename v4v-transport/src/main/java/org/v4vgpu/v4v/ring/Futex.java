package org.v4vgpu.v4v.ring;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Linux's futex on a word that other processes may share. Safe for any thread.
 *
 * {@snippet lang = c :
 *   long syscall(long number, uint32_t *address, int operation, uint32_t value, const struct timespec *timeout);
 * }
 *
 * <p>Takes bare addresses: a wait must not keep its ring from being closed. A wake or wait at an address that is no longer
 * mapped fails with EFAULT and does no harm.
 */
final class Futex {
    // Not FUTEX_PRIVATE_FLAG: the word lies in memory that processes share.
    private static final int WAIT = 0;
    private static final int WAKE = 1;
    private static final long NUMBER = systemCall(System.getProperty("os.arch", ""));
    private static final MethodHandle SYSCALL = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.ADDRESS),
                    Linker.Option.firstVariadicArg(1));

    /** One per thread, for ever: a sleeper allocates nothing. */
    private static final ThreadLocal<MemorySegment> TIMEOUT =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(16, 8));

    private Futex() {}

    /** Sleeps while the word has that value, at most for that long. Returns for other reasons too. */
    static void await(long address, int value, long nanos) {
        MemorySegment timeout = TIMEOUT.get();
        timeout.set(ValueLayout.JAVA_LONG, 0, nanos / 1_000_000_000L);
        timeout.set(ValueLayout.JAVA_LONG, 8, nanos % 1_000_000_000L);
        call(address, WAIT, value, timeout);
    }

    /** Wakes everybody who sleeps on the word. */
    static void wake(long address) {
        call(address, WAKE, Integer.MAX_VALUE, MemorySegment.NULL);
    }

    private static void call(long address, int operation, int value, MemorySegment timeout) {
        try {
            // The result says only why a wait ended, and callers look at the ring again whatever the reason was.
            long _ = (long) SYSCALL.invokeExact(NUMBER, address, operation, value, timeout);
        } catch (Throwable e) {
            throw new AssertionError("a futex downcall does not throw", e);
        }
    }

    private static long systemCall(String architecture) {
        return switch (architecture) {
            case "amd64", "x86_64" -> 202;
            case "aarch64", "riscv64" -> 98;
            default -> throw new UnsupportedOperationException("no futex known for the architecture " + architecture);
        };
    }
}
