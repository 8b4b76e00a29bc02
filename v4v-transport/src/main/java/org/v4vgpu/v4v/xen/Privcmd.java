package org.v4vgpu.v4v.xen;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Hypercalls through /dev/xen/privcmd. Safe for any thread.
 *
 * {@snippet lang = c :
 *   struct privcmd_hypercall { __u64 op; __u64 arg[5]; };
 *   #define IOCTL_PRIVCMD_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))
 * }
 */
final class Privcmd implements Hypercalls {
    static final long IOCTL_PRIVCMD_HYPERCALL = 0x0030_5000;

    private static final long ARGUMENTS = 8;
    private static final long BYTES = 48;

    /** One per thread, for ever; the kernel copies it, so it may lie anywhere. */
    private static final ThreadLocal<MemorySegment> CALL =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(BYTES, 8));

    private final int fd;

    /** Takes over an open /dev/xen/privcmd. */
    Privcmd(int fd) {
        this.fd = fd;
    }

    @Override
    public long argo(int operation, long arg1, long arg2, long arg3, long arg4) {
        MemorySegment call = CALL.get();
        call.set(ValueLayout.JAVA_LONG, 0, ArgoDescriptor.HYPERCALL);
        call.set(ValueLayout.JAVA_LONG, ARGUMENTS, operation);
        call.set(ValueLayout.JAVA_LONG, ARGUMENTS + 8, arg1);
        call.set(ValueLayout.JAVA_LONG, ARGUMENTS + 16, arg2);
        call.set(ValueLayout.JAVA_LONG, ARGUMENTS + 24, arg3);
        call.set(ValueLayout.JAVA_LONG, ARGUMENTS + 32, arg4);
        return SystemCalls.ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, call);
    }

    @Override
    public void close() {
        SystemCalls.close(fd);
    }
}
