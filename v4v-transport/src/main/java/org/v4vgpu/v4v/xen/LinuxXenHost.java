package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A PVH or HVM domain that runs Linux. Immutable. */
final class LinuxXenHost implements XenHost {
    /** System property: the directory in which the domain's processes meet. On a tmpfs, so that a boot empties it. */
    static final String STATE_PROPERTY = "v4vgpu.xen.run";

    private static final Path PRIVCMD = Path.of("/dev/xen/privcmd");
    private static final Path EVTCHN = Path.of("/dev/xen/evtchn");
    private static final String DIRECTORY = "v4vgpu-argo";

    private final Path memory;
    private final long hugePageBytes;
    private final Path state;
    private final PageFrames frames = new Pagemap(Path.of("/proc/self/pagemap"));

    private LinuxXenHost(Path memory, long hugePageBytes, Path state) {
        this.memory = memory;
        this.hugePageBytes = hugePageBytes;
        this.state = state;
    }

    /** This machine; {@link ArgoAvailability} has found nothing wrong with it. */
    static LinuxXenHost ofMachine() throws IOException {
        Path mounted = ArgoAvailability.memoryDirectory(Path.of("/"))
                .orElseThrow(() -> new IOException("no hugetlbfs is mounted"));
        long bytes = Files.getFileStore(mounted).getBlockSize();
        return new LinuxXenHost(
                mounted.resolve(DIRECTORY), bytes, Path.of(System.getProperty(STATE_PROPERTY, "/run/" + DIRECTORY)));
    }

    @Override
    public Hypercalls openHypercalls() throws IOException {
        int fd = SystemCalls.openDevice(PRIVCMD);
        if (fd < 0) {
            throw new IOException("cannot open " + PRIVCMD + ": errno " + -fd);
        }
        return new Privcmd(fd);
    }

    @Override
    public ArgoEvents bindEvents() throws IOException {
        return EventChannel.bind(EVTCHN);
    }

    @Override
    public PageFrames frames() {
        return frames;
    }

    @Override
    public Path memoryDirectory() {
        return memory;
    }

    @Override
    public long hugePageBytes() {
        return hugePageBytes;
    }

    @Override
    public Path stateDirectory() {
        return state;
    }
}
