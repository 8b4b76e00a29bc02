package org.v4vgpu.device.cuda;

import static org.v4vgpu.device.cuda.DriverLibrary.ADDRESS;
import static org.v4vgpu.device.cuda.DriverLibrary.INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Why the system's loader does not take a library, which the JDK does not pass on: often it is another library that this one needs. Safe
 * for any thread.
 *
 * {@snippet lang = c :
 *   void *dlopen(const char *file, int mode);
 *   char *dlerror(void);
 * }
 */
final class LoaderWords {
    private static final int LAZY = 1;
    private static final long LONGEST = 4096;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle OPEN = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("dlopen"), FunctionDescriptor.of(ADDRESS, ADDRESS, INT));
    private static final MethodHandle ERROR =
            LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("dlerror"), FunctionDescriptor.of(ADDRESS));

    private LoaderWords() {}

    /** What the loader says of a file; empty if it takes it, which stays loaded then. */
    static String of(String file) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment library = (MemorySegment) OPEN.invokeExact(arena.allocateFrom(file), LAZY);
            if (!library.equals(MemorySegment.NULL)) {
                return "";
            }
            MemorySegment words = (MemorySegment) ERROR.invokeExact();
            return words.equals(MemorySegment.NULL)
                    ? file + ": it does not say why"
                    : words.reinterpret(LONGEST).getString(0);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("dlopen failed", e);
        }
    }
}
