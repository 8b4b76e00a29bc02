package org.v4vgpu.v4v.ring;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * Leaving a processor that two busy threads share while another one is free. Linux; safe for any thread.
 *
 * <p>Two sides of a ring that came to lie on one processor stay there: each offers it to the other and never sleeps, so the
 * kernel's wake-up places neither, and its load balancer holds them to be cache-hot. Kernels that pack sleepers onto few processors
 * put them there again and again. So the thread moves itself: it takes its processor out of its affinity mask (sched_setaffinity(2))
 * and puts it back at once.
 */
final class SharedProcessor {
    /** The kernel's cpu_set_t for 8192 processors; a kernel with more refuses it, and nothing is moved. */
    private static final long MASK_BYTES = 1024;

    private static final int LOAD_BYTES = 64;

    private static final MethodHandle SET = affinity("sched_setaffinity");
    private static final MethodHandle GET = affinity("sched_getaffinity");
    private static final MethodHandle PROCESSOR = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("sched_getcpu"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT));

    /** Null where there is no such file. Not a channel: an interrupted reader would close that for everybody. */
    private static final @Nullable RandomAccessFile LOAD = open("/proc/loadavg");

    private SharedProcessor() {}

    /**
     * Moves the calling thread to another processor that it may use, if one is free. The caller knows that it shares its own with
     * a busy thread. The thread's affinity is what it was before.
     *
     * @return whether it moved
     */
    static boolean leave() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
            int bytes = (int) GET.invokeExact(0, MASK_BYTES, mask);
            int processor = (int) PROCESSOR.invokeExact();
            if (bytes < 0 || processor < 0 || runnable() > count(mask)) {
                return false;
            }
            MemorySegment others = arena.allocate(MASK_BYTES, Long.BYTES).copyFrom(mask);
            long at = processor / Byte.SIZE;
            others.set(ValueLayout.JAVA_BYTE, at, (byte)
                    (others.get(ValueLayout.JAVA_BYTE, at) & ~(1 << processor % Byte.SIZE)));
            boolean moved = (int) SET.invokeExact(0, MASK_BYTES, others) == 0; // fails if no processor is left
            int _ = (int) SET.invokeExact(0, MASK_BYTES, mask);
            return moved;
        } catch (Throwable e) {
            throw new AssertionError("downcalls and reads of /proc do not throw", e);
        }
    }

    /**
     * How many threads want a processor now, the caller included; the fourth field of /proc/loadavg (proc_loadavg(5)). With at
     * most as many of them as processors, two of them on one, another processor is free.
     */
    private static int runnable() {
        RandomAccessFile load = LOAD;
        if (load == null) {
            return Integer.MAX_VALUE;
        }
        byte[] text = new byte[LOAD_BYTES];
        int length;
        try {
            synchronized (load) {
                load.seek(0);
                length = load.read(text);
            }
        } catch (IOException e) {
            return Integer.MAX_VALUE; // what can't be known is taken for busy
        }
        int number = 0;
        for (int i = 0, spaces = 0; i < length && text[i] != '/'; i++) {
            if (text[i] == ' ') {
                spaces++;
            } else if (spaces == 3) {
                number = number * 10 + text[i] - '0';
            }
        }
        return number;
    }

    private static int count(MemorySegment mask) {
        int count = 0;
        for (long at = 0; at < MASK_BYTES; at += Long.BYTES) {
            count += Long.bitCount(mask.get(ValueLayout.JAVA_LONG, at));
        }
        return count;
    }

    private static @Nullable RandomAccessFile open(String path) {
        try {
            return new RandomAccessFile(path, "r");
        } catch (IOException e) {
            return null;
        }
    }

    /**
     * {@snippet lang = c :
     *   int sched_setaffinity(pid_t pid, size_t cpusetsize, const cpu_set_t *mask);
     *   int sched_getaffinity(pid_t pid, size_t cpusetsize, cpu_set_t *mask);
     *   int sched_getcpu(void);
     * }
     */
    private static MethodHandle affinity(String name) {
        return Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow(name),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.ADDRESS));
    }
}
