package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/**
 * The system calls by which devices and ring files are used, by FFM. Safe for any thread; descriptors are plain numbers that the
 * caller owns. Results are as the kernel gives them: not negative, or the negative number of the error.
 *
 * {@snippet lang = c :
 *   int open(const char *path, int flags, ...);
 *   int ioctl(int fd, unsigned long request, ...);
 *   int ftruncate(int fd, off_t length);
 *   void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset);
 *   int munmap(void *address, size_t length);
 *   int poll(struct pollfd *fds, nfds_t n, int timeout);
 *   ssize_t read(int fd, void *buffer, size_t length);
 *   ssize_t write(int fd, const void *buffer, size_t length);
 *   int eventfd(unsigned value, int flags);
 *   int close(int fd);
 * }
 */
final class SystemCalls {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EINTR = 4;
    static final int ENOMEM = 12;
    static final int EACCES = 13;
    static final int EEXIST = 17;
    static final int ENODEV = 19;
    static final int ENOSYS = 38;
    static final int EOPNOTSUPP = 95;

    static final short POLLIN = 1;

    private static final int O_RDWR = 2;
    private static final int O_CREAT = 0x40;
    private static final int O_EXCL = 0x80;
    private static final int O_CLOEXEC = 0x80000;
    private static final int OWNER_ONLY = 0600;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED_POPULATE = 0x1 | 0x8000;
    private static final int EFD_CLOEXEC_NONBLOCK = 0x80000 | 0x800;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final AddressLayout ADDRESS = ValueLayout.ADDRESS;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle OPEN = function("open", 2, INT, ADDRESS, INT, INT);
    private static final MethodHandle IOCTL = function("ioctl", 2, INT, INT, LONG, ADDRESS);
    private static final MethodHandle FTRUNCATE = function("ftruncate", -1, INT, INT, LONG);
    private static final MethodHandle MMAP = function("mmap", -1, LONG, ADDRESS, LONG, INT, INT, INT, LONG);
    private static final MethodHandle MUNMAP = function("munmap", -1, INT, LONG, LONG);
    private static final MethodHandle POLL = function("poll", -1, INT, ADDRESS, LONG, INT);
    private static final MethodHandle READ = function("read", -1, LONG, INT, ADDRESS, LONG);
    private static final MethodHandle WRITE = function("write", -1, LONG, INT, ADDRESS, LONG);
    private static final MethodHandle EVENTFD = function("eventfd", -1, INT, INT, INT);
    private static final MethodHandle CLOSE = function("close", -1, INT, INT);

    /** One per thread, for ever: a hypercall allocates nothing. */
    private static final ThreadLocal<MemorySegment> CAPTURED =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

    private SystemCalls() {}

    private static MethodHandle function(
            String name, int fixedArguments, MemoryLayout result, MemoryLayout... arguments) {
        Linker.Option capture = Linker.Option.captureCallState("errno");
        Linker.Option[] options = fixedArguments < 0
                ? new Linker.Option[] {capture}
                : new Linker.Option[] {capture, Linker.Option.firstVariadicArg(fixedArguments)};
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, arguments), options);
    }

    private static long result(long returned, MemorySegment state) {
        return returned < 0 ? -(int) ERRNO.get(state, 0L) : returned;
    }

    private static IllegalStateException unexpected(Throwable e) {
        return new IllegalStateException("a downcall failed", e);
    }

    /** Opens a device for reading and writing. */
    static int openDevice(Path path) {
        return open(path, O_RDWR | O_CLOEXEC);
    }

    /** Makes a file that must not exist, for this user alone. */
    static int createFile(Path path) {
        return open(path, O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL);
    }

    private static int open(Path path, int flags) {
        MemorySegment state = CAPTURED.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path.toString());
            return (int) result((int) OPEN.invokeExact(state, name, flags, OWNER_ONLY), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long ioctl(int fd, long request, MemorySegment argument) {
        MemorySegment state = CAPTURED.get();
        try {
            return result((int) IOCTL.invokeExact(state, fd, request, argument), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int truncate(int fd, long bytes) {
        MemorySegment state = CAPTURED.get();
        try {
            return (int) result((int) FTRUNCATE.invokeExact(state, fd, bytes), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Maps part of a file for reading and writing, its pages in place; an address, or the negative number of the error. */
    static long map(int fd, long offset, long bytes) {
        MemorySegment state = CAPTURED.get();
        try {
            return result(
                    (long) MMAP.invokeExact(
                            state, MemorySegment.NULL, bytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd, offset),
                    state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static void unmap(long address, long bytes) {
        MemorySegment state = CAPTURED.get();
        try {
            int _ = (int) MUNMAP.invokeExact(state, address, bytes);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Waits for any of some descriptors.
     *
     * @param fds struct pollfd[]: int fd, short events, short revents
     */
    static long poll(MemorySegment fds, int count, int timeoutMillis) {
        MemorySegment state = CAPTURED.get();
        try {
            return result((int) POLL.invokeExact(state, fds, (long) count, timeoutMillis), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long read(int fd, MemorySegment buffer) {
        MemorySegment state = CAPTURED.get();
        try {
            return result((long) READ.invokeExact(state, fd, buffer, buffer.byteSize()), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long write(int fd, MemorySegment bytes) {
        MemorySegment state = CAPTURED.get();
        try {
            return result((long) WRITE.invokeExact(state, fd, bytes, bytes.byteSize()), state);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** A descriptor that is readable after 8 bytes, a u64 of 1, were written to it, until they are read; it never blocks. */
    static int eventfd() throws IOException {
        MemorySegment state = CAPTURED.get();
        try {
            int fd = (int) result((int) EVENTFD.invokeExact(state, 0, EFD_CLOEXEC_NONBLOCK), state);
            if (fd >= 0) {
                return fd;
            }
            throw new IOException("eventfd: errno " + -fd);
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static void close(int fd) {
        MemorySegment state = CAPTURED.get();
        try {
            int _ = (int) CLOSE.invokeExact(state, fd);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }
}
