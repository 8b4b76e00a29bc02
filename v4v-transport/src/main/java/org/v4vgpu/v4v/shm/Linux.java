package org.v4vgpu.v4v.shm;

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
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The system calls of the control path, by FFM. Safe for any thread; descriptors are plain numbers that the caller owns.
 *
 * {@snippet lang = c :
 *   int socket(int domain, int type, int protocol);
 *   int bind(int fd, const struct sockaddr *address, socklen_t length);
 *   int listen(int fd, int backlog);
 *   int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
 *   int connect(int fd, const struct sockaddr *address, socklen_t length);
 *   ssize_t sendmsg(int fd, const struct msghdr *message, int flags);
 *   ssize_t recvmsg(int fd, struct msghdr *message, int flags);
 *   int getsockopt(int fd, int level, int name, void *value, socklen_t *length);
 *   int poll(struct pollfd *fds, nfds_t n, int timeout);
 *   int memfd_create(const char *name, unsigned flags);
 *   int fallocate(int fd, int mode, off_t offset, off_t length);
 *   off_t lseek(int fd, off_t offset, int whence);
 *   int fcntl(int fd, int command, ...);
 *   void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset);
 *   int munmap(void *address, size_t length);
 *   int eventfd(unsigned value, int flags);
 *   int shutdown(int fd, int how);
 *   int close(int fd);
 * }
 */
final class Linux {
    static final int EINTR = 4;
    static final int EAGAIN = 11;
    static final int ENOENT = 2;
    static final int EPIPE = 32;
    static final int ECONNRESET = 104;
    static final int ECONNREFUSED = 111;

    static final short POLLIN = 1;
    static final short POLLERR = 8;
    static final short POLLHUP = 16;

    private static final int AF_UNIX = 1;
    private static final int SOCK_SEQPACKET = 5;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERCRED = 17;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int MSG_TRUNC = 0x20;
    private static final int MSG_CTRUNC = 0x8;
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int F_ADD_SEALS = 1033;
    private static final int F_GET_SEALS = 1034;
    private static final int F_SEAL_SEAL = 1;
    private static final int F_SEAL_SHRINK = 2;
    private static final int F_SEAL_GROW = 4;
    private static final int F_GETLK = 5;
    private static final int F_UNLCK = 2;
    private static final int F_WRLCK = 1;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED_POPULATE = 0x1 | 0x8000;
    private static final int O_RDWR_CLOEXEC = 2 | 0x80000;
    private static final int SEEK_END = 2;
    private static final int SHUT_RDWR = 2;
    private static final int LONGEST_SOCKET_PATH = 107;

    /** struct msghdr on 64-bit Linux, followed by its one iovec and the space for one descriptor. */
    private static final long MESSAGE_BYTES = 56;

    private static final long MESSAGE_IOV = 16;
    private static final long MESSAGE_IOV_COUNT = 24;
    private static final long MESSAGE_CONTROL = 32;
    private static final long MESSAGE_CONTROL_BYTES = 40;
    private static final long MESSAGE_FLAGS = 48;
    private static final long CONTROL_SPACE = 24;
    private static final long CONTROL_LENGTH = 20;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final AddressLayout ADDRESS = ValueLayout.ADDRESS;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle SOCKET = function("socket", INT, INT, INT, INT);
    private static final MethodHandle BIND = function("bind", INT, INT, ADDRESS, INT);
    private static final MethodHandle LISTEN = function("listen", INT, INT, INT);
    private static final MethodHandle ACCEPT = function("accept4", INT, INT, ADDRESS, ADDRESS, INT);
    private static final MethodHandle CONNECT = function("connect", INT, INT, ADDRESS, INT);
    private static final MethodHandle SENDMSG = function("sendmsg", LONG, INT, ADDRESS, INT);
    private static final MethodHandle RECVMSG = function("recvmsg", LONG, INT, ADDRESS, INT);
    private static final MethodHandle GETSOCKOPT = function("getsockopt", INT, INT, INT, INT, ADDRESS, ADDRESS);
    private static final MethodHandle POLL = function("poll", INT, ADDRESS, LONG, INT);
    private static final MethodHandle MEMFD_CREATE = function("memfd_create", INT, ADDRESS, INT);
    private static final MethodHandle FALLOCATE = function("fallocate", INT, INT, INT, LONG, LONG);
    private static final MethodHandle LSEEK = function("lseek", LONG, INT, LONG, INT);
    private static final MethodHandle MMAP = function("mmap", LONG, ADDRESS, LONG, INT, INT, INT, LONG);
    private static final MethodHandle MUNMAP = function("munmap", INT, LONG, LONG);
    private static final MethodHandle EVENTFD = function("eventfd", INT, INT, INT);
    private static final MethodHandle READ = function("read", LONG, INT, ADDRESS, LONG);
    private static final MethodHandle WRITE = function("write", LONG, INT, ADDRESS, LONG);
    private static final MethodHandle SHUTDOWN = function("shutdown", INT, INT, INT);
    private static final MethodHandle CLOSE = function("close", INT, INT);
    private static final MethodHandle GETUID = function("getuid", INT);
    private static final MethodHandle FCNTL_INT = variadic("fcntl", 2, INT, INT, INT, INT);
    private static final MethodHandle FCNTL_ADDRESS = variadic("fcntl", 2, INT, INT, INT, ADDRESS);
    private static final MethodHandle OPEN = variadic("open", 2, INT, ADDRESS, INT, INT);

    /** Who is at the other end of a Unix socket, as the kernel says. */
    record Credentials(int pid, int uid) {}

    /** A received packet: its length, and the descriptor that came with it or -1. */
    record Packet(int bytes, int fd) {}

    private Linux() {}

    static int uid() {
        try (Arena arena = Arena.ofConfined()) {
            return (int) GETUID.invokeExact(state(arena));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** A Unix socket that never blocks. */
    static int seqpacketSocket() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
            return check("socket", state, (int) SOCKET.invokeExact(state, AF_UNIX, type, 0));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void bindAndListen(int fd, Path path, int backlog) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment address = socketAddress(arena, path);
            check("bind", state, (int) BIND.invokeExact(state, fd, address, (int) address.byteSize()));
            check("listen", state, (int) LISTEN.invokeExact(state, fd, backlog));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /**
     * Accepts without blocking.
     *
     * @throws LinuxException EAGAIN if nobody connects any more
     */
    static int accept(int fd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
            return check("accept", state, (int)
                    ACCEPT.invokeExact(state, fd, MemorySegment.NULL, MemorySegment.NULL, flags));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /**
     * Connects without blocking.
     *
     * @throws LinuxException EAGAIN while the other side's backlog is full
     */
    static void connect(int fd, Path path) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment address = socketAddress(arena, path);
            check("connect", state, (int) CONNECT.invokeExact(state, fd, address, (int) address.byteSize()));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    private static MemorySegment socketAddress(Arena arena, Path path) throws IOException {
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        if (name.length > LONGEST_SOCKET_PATH) {
            throw new IOException("the path " + path + " is too long for a Unix socket (" + name.length
                    + " bytes, at most " + LONGEST_SOCKET_PATH + "); set V4VGPU_FABRIC to a shorter directory");
        }
        MemorySegment address = arena.allocate(2 + name.length + 1, 8);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
        MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
        return address;
    }

    /**
     * Sends one packet, with a descriptor unless that is -1, without blocking.
     *
     * @throws LinuxException EAGAIN if the peer does not read
     */
    static void send(int fd, MemorySegment packet, int passed) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment message = message(arena, packet);
            if (passed >= 0) {
                MemorySegment control = arena.allocate(CONTROL_SPACE, 8);
                control.set(LONG, 0, CONTROL_LENGTH);
                control.set(INT, 8, SOL_SOCKET);
                control.set(INT, 12, SCM_RIGHTS);
                control.set(INT, 16, passed);
                message.set(ADDRESS, MESSAGE_CONTROL, control);
                message.set(LONG, MESSAGE_CONTROL_BYTES, CONTROL_SPACE);
            }
            int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
            long sent;
            do {
                sent = (long) SENDMSG.invokeExact(state, fd, message, flags);
            } while (sent < 0 && errno(state) == EINTR);
            check("sendmsg", state, sent);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /**
     * Receives one packet without blocking; 0 bytes mean that the peer has closed.
     *
     * @throws LinuxException EAGAIN if there is none
     */
    static Packet receive(int fd, MemorySegment buffer) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment message = message(arena, buffer);
            MemorySegment control = arena.allocate(CONTROL_SPACE, 8);
            message.set(ADDRESS, MESSAGE_CONTROL, control);
            // Not the whole space, in which a second descriptor would fit: it would be ours and nobody would know.
            message.set(LONG, MESSAGE_CONTROL_BYTES, CONTROL_LENGTH);
            int flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;
            long received;
            do {
                received = (long) RECVMSG.invokeExact(state, fd, message, flags);
            } while (received < 0 && errno(state) == EINTR);
            check("recvmsg", state, received);
            int passed = -1;
            if (message.get(LONG, MESSAGE_CONTROL_BYTES) >= CONTROL_LENGTH
                    && control.get(INT, 8) == SOL_SOCKET
                    && control.get(INT, 12) == SCM_RIGHTS) {
                passed = control.get(INT, 16);
            }
            if ((message.get(INT, MESSAGE_FLAGS) & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
                if (passed >= 0) {
                    close(passed);
                }
                throw new LinuxException("recvmsg: packet larger than " + buffer.byteSize() + " bytes", 0);
            }
            return new Packet((int) received, passed);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    private static MemorySegment message(Arena arena, MemorySegment packet) {
        MemorySegment iov = arena.allocate(16, 8);
        iov.set(ADDRESS, 0, packet);
        iov.set(LONG, 8, packet.byteSize());
        MemorySegment message = arena.allocate(MESSAGE_BYTES, 8);
        message.set(ADDRESS, MESSAGE_IOV, iov);
        message.set(LONG, MESSAGE_IOV_COUNT, 1);
        return message;
    }

    static Credentials peerCredentials(int fd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment value = arena.allocate(12, 8);
            MemorySegment length = arena.allocateFrom(INT, 12);
            check("getsockopt", state, (int) GETSOCKOPT.invokeExact(state, fd, SOL_SOCKET, SO_PEERCRED, value, length));
            return new Credentials(value.get(INT, 0), value.get(INT, 4));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /**
     * Waits for any of some descriptors.
     *
     * @param fds struct pollfd[]: int fd, short events, short revents
     * @param timeoutMillis -1 for ever
     */
    static int poll(MemorySegment fds, int count, int timeoutMillis) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            int ready = (int) POLL.invokeExact(state, fds, (long) count, timeoutMillis);
            return ready < 0 && errno(state) == EINTR ? 0 : check("poll", state, ready);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Memory of that length that nobody can shrink or grow, with its pages in place. */
    static int sealedMemory(String name, long bytes) throws IOException {
        int fd = -1;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment label = arena.allocateFrom(name);
            fd = check("memfd_create", state, (int)
                    MEMFD_CREATE.invokeExact(state, label, MFD_CLOEXEC | MFD_ALLOW_SEALING));
            check("fallocate", state, (int) FALLOCATE.invokeExact(state, fd, 0, 0L, bytes));
            check("fcntl", state, (int)
                    FCNTL_INT.invokeExact(state, fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW));
            return fd;
        } catch (Throwable e) {
            if (fd >= 0) {
                close(fd);
            }
            throw rethrow(e);
        }
    }

    /** Whether a descriptor is memory of at least that length that can't shrink. */
    static boolean isSealed(int fd, long bytes) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            int seals = (int) FCNTL_INT.invokeExact(state, fd, F_GET_SEALS, 0);
            return seals >= 0
                    && (seals & F_SEAL_SHRINK) != 0
                    && check("lseek", state, (long) LSEEK.invokeExact(state, fd, 0L, SEEK_END)) >= bytes;
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Maps shared memory for reading and writing until the arena closes. */
    static MemorySegment map(int fd, long bytes, Arena arena) throws IOException {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment state = state(local);
            long address = (long)
                    MMAP.invokeExact(state, MemorySegment.NULL, bytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd, 0L);
            check("mmap", state, address);
            return MemorySegment.ofAddress(address).reinterpret(bytes, arena, mapped -> unmap(mapped.address(), bytes));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    private static void unmap(long address, long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            int _ = check("munmap", state, (int) MUNMAP.invokeExact(state, address, bytes));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** The process that holds a write lock (fcntl) on a file, or 0 if none does. The caller must not hold one itself. */
    static int lockHolder(Path path) throws IOException {
        int fd = -1;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment name = arena.allocateFrom(path.toString());
            fd = check("open", state, (int) OPEN.invokeExact(state, name, O_RDWR_CLOEXEC, 0));
            // struct flock: short type, short whence, off_t start, off_t length, pid_t pid
            MemorySegment lock = arena.allocate(32, 8);
            lock.set(ValueLayout.JAVA_SHORT, 0, (short) F_WRLCK);
            check("fcntl", state, (int) FCNTL_ADDRESS.invokeExact(state, fd, F_GETLK, lock));
            return lock.get(ValueLayout.JAVA_SHORT, 0) == F_UNLCK ? 0 : lock.get(INT, 24);
        } catch (Throwable e) {
            throw rethrow(e);
        } finally {
            if (fd >= 0) {
                close(fd);
            }
        }
    }

    static int eventfd() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            return check("eventfd", state, (int) EVENTFD.invokeExact(state, 0, SOCK_CLOEXEC));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void signal(int eventfd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment one = arena.allocateFrom(LONG, 1L);
            check("write", state, (long) WRITE.invokeExact(state, eventfd, one, 8L));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    static void drain(int eventfd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = state(arena);
            MemorySegment count = arena.allocate(LONG);
            check("read", state, (long) READ.invokeExact(state, eventfd, count, 8L));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    /** Ends what others wait for on a socket; the descriptor stays. */
    static void shutdown(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            int _ = (int) SHUTDOWN.invokeExact(state(arena), fd, SHUT_RDWR);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static void close(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            int _ = (int) CLOSE.invokeExact(state(arena), fd);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"));
    }

    private static MethodHandle variadic(String name, int fixed, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(fixed));
    }

    private static MemorySegment state(Arena arena) {
        return arena.allocate(STATE);
    }

    private static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    private static int check(String call, MemorySegment state, int result) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(call, errno(state));
        }
        return result;
    }

    private static long check(String call, MemorySegment state, long result) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(call, errno(state));
        }
        return result;
    }

    /** For catch blocks around invokeExact, which declares Throwable though only our own checks throw. */
    private static IOException rethrow(Throwable e) {
        if (e instanceof IOException own) {
            return own;
        }
        throw unexpected(e);
    }

    private static RuntimeException unexpected(Throwable e) {
        return e instanceof RuntimeException own ? own : new IllegalStateException("a downcall failed", e);
    }
}
