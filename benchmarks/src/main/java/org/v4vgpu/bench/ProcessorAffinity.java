package org.v4vgpu.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Which processors the calling thread may run on. Safe for any thread. Linux. */
final class ProcessorAffinity {
    private static final int MASK_BYTES = 128;
    private static final MethodHandle SET = handle("sched_setaffinity");
    private static final MethodHandle GET = handle("sched_getaffinity");

    /** Asked once, before anything is bound: a thread inherits what its starter is bound to. */
    private static final int[] PROCESSORS = ofThisThread();

    private ProcessorAffinity() {}

    /** The processors that this process may run on; at least one. */
    static int[] available() {
        return PROCESSORS.clone();
    }

    private static int[] ofThisThread() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, 8);
            int result = (int) GET.invokeExact(0, (long) MASK_BYTES, mask);
            if (result != 0) {
                throw new IllegalStateException("sched_getaffinity failed");
            }
            return IntStream.range(0, MASK_BYTES * 8)
                    .filter(cpu -> (mask.get(ValueLayout.JAVA_BYTE, cpu / 8) >> cpu % 8 & 1) != 0)
                    .toArray();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("sched_getaffinity", e);
        }
    }

    /** Binds the calling thread, and those that it starts from now on, to some processors. */
    static void bind(int... processors) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, 8);
            for (int processor : processors) {
                byte others = mask.get(ValueLayout.JAVA_BYTE, processor / 8);
                mask.set(ValueLayout.JAVA_BYTE, processor / 8, (byte) (others | 1 << processor % 8));
            }
            int result = (int) SET.invokeExact(0, (long) MASK_BYTES, mask);
            if (result != 0) {
                throw new IllegalStateException(
                        "sched_setaffinity to processors " + Arrays.toString(processors) + " failed");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("sched_setaffinity", e);
        }
    }

    /**
     * {@snippet lang=c :
     *   int sched_setaffinity(pid_t pid, size_t cpusetsize, const cpu_set_t *mask);
     *   int sched_getaffinity(pid_t pid, size_t cpusetsize, cpu_set_t *mask);
     * }
     */
    private static MethodHandle handle(String name) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
    }
}
