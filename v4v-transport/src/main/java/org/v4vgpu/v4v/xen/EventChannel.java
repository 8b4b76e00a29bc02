package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * VIRQ_ARGO through /dev/xen/evtchn. One thread waits; {@link #wake} is safe for any.
 *
 * {@snippet lang = c :
 *   struct ioctl_evtchn_bind_virq { unsigned int virq; };
 *   #define IOCTL_EVTCHN_BIND_VIRQ _IOC(_IOC_NONE, 'E', 0, sizeof(struct ioctl_evtchn_bind_virq))
 * }
 *
 * <p>A read takes the ports that fired and leaves them masked; writing one back lets it fire again, at once if something happened
 * meanwhile.
 */
final class EventChannel implements ArgoEvents {
    static final long IOCTL_EVTCHN_BIND_VIRQ = 0x0004_4500;

    private static final int POLLFD_BYTES = 8;

    private final Arena arena = Arena.ofShared();
    private final int fd;
    private final int wakeFd;
    private final MemorySegment polled = arena.allocate(2 * POLLFD_BYTES, 4);
    private final MemorySegment port = arena.allocate(4, 4);
    private final MemorySegment count = arena.allocate(8, 8);
    private final MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1L);

    private EventChannel(int fd) throws IOException {
        this.fd = fd;
        this.wakeFd = SystemCalls.eventfd();
        polled.set(ValueLayout.JAVA_INT, 0, fd);
        polled.set(ValueLayout.JAVA_SHORT, 4, SystemCalls.POLLIN);
        polled.set(ValueLayout.JAVA_INT, POLLFD_BYTES, wakeFd);
        polled.set(ValueLayout.JAVA_SHORT, POLLFD_BYTES + 4, SystemCalls.POLLIN);
    }

    /**
     * Binds the VIRQ.
     *
     * @param device /dev/xen/evtchn
     */
    static EventChannel bind(Path device) throws IOException {
        int fd = SystemCalls.openDevice(device);
        if (fd < 0) {
            throw new IOException(
                    "cannot open " + device + ": errno " + -fd + "; modprobe xen-evtchn, and run as root");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment virq = arena.allocateFrom(ValueLayout.JAVA_INT, ArgoDescriptor.VIRQ_ARGO);
            long bound = SystemCalls.ioctl(fd, IOCTL_EVTCHN_BIND_VIRQ, virq);
            if (bound == -SystemCalls.EEXIST) {
                throw new IOException("EEXIST: something else of this domain has bound VIRQ_ARGO; unload the module"
                        + " xen-argo, or stop the other program");
            }
            if (bound < 0) {
                throw new IOException("cannot bind VIRQ_ARGO: errno " + -bound);
            }
            EventChannel channel = new EventChannel(fd);
            fd = -1;
            return channel;
        } finally {
            if (fd >= 0) {
                SystemCalls.close(fd);
            }
        }
    }

    @Override
    public boolean await(long nanos) throws IOException {
        int millis = (int) Math.min(Integer.MAX_VALUE, (nanos + 999_999) / 1_000_000);
        long ready = SystemCalls.poll(polled, 2, Math.max(0, millis));
        if (ready < 0 && ready != -SystemCalls.EINTR) {
            throw new IOException("poll: errno " + -ready);
        }
        boolean fired = ready > 0 && polled.get(ValueLayout.JAVA_SHORT, 6) != 0;
        if (fired) {
            long read = SystemCalls.read(fd, port);
            if (read != port.byteSize() || SystemCalls.write(fd, port) != port.byteSize()) {
                throw new IOException("/dev/xen/evtchn: errno " + -read);
            }
        }
        if (ready > 0 && polled.get(ValueLayout.JAVA_SHORT, POLLFD_BYTES + 6) != 0) {
            long _ = SystemCalls.read(wakeFd, count);
        }
        return fired;
    }

    @Override
    public void wake() throws IOException {
        long written = SystemCalls.write(wakeFd, one);
        if (written < 0) {
            throw new IOException("eventfd: errno " + -written);
        }
    }

    @Override
    public void close() {
        SystemCalls.close(fd);
        SystemCalls.close(wakeFd);
        arena.close();
    }
}
