package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether a machine can do what {@link ArgoHypervisor} needs, and if not, the first thing to change. Immutable.
 *
 * <p>What each error means: Xen answers ENOSYS where Argo is not compiled in, EOPNOTSUPP where it is not enabled at boot; since the fix of
 * XSA-482 Linux answers EPERM to any hypercall of a process outside the control domain, unless xen_privcmd.unrestricted=1.
 */
final class ArgoAvailability {
    /** This machine, as it was when somebody first asked. */
    static final ArgoAvailability OF_PROCESS = of(Path.of("/"), ArgoAvailability::openPrivcmd);

    /** System property: the hugetlbfs for rings; else the first one that is mounted. */
    static final String MEMORY_PROPERTY = "v4vgpu.xen.hugepages";

    private final @Nullable Throwable cause;

    /** How /dev/xen/privcmd is opened. */
    interface Opening {
        Opened open(Path device);
    }

    /** An open device, or else why not. */
    record Opened(@Nullable Hypercalls xen, int errno) {}

    private ArgoAvailability(@Nullable Throwable cause) {
        this.cause = cause;
    }

    @Nullable
    Throwable cause() {
        return cause;
    }

    /**
     * Looks at a machine.
     *
     * @param root where its /dev, /sys and /proc are
     */
    static ArgoAvailability of(Path root, Opening opening) {
        try {
            String problem = examine(root, opening);
            return new ArgoAvailability(problem.isEmpty() ? null : new UnsupportedOperationException(problem));
        } catch (RuntimeException | LinkageError e) { // no access to native code, for example
            return new ArgoAvailability(e);
        }
    }

    private static Opened openPrivcmd(Path device) {
        int fd = SystemCalls.openDevice(device);
        return fd < 0 ? new Opened(null, -fd) : new Opened(new Privcmd(fd), 0);
    }

    private static String examine(Path root, Opening opening) {
        Path device = root.resolve("dev/xen/privcmd");
        boolean isXen = read(root.resolve("sys/hypervisor/type")).equals("xen");
        if (!Files.exists(device)) {
            return isXen
                    ? "ENOENT: no /dev/xen/privcmd; modprobe xen-privcmd xen-evtchn"
                    : "ENOENT: no /dev/xen/privcmd: this is no domain of Xen (/sys/hypervisor/type does not say xen)";
        }
        String guest = read(root.resolve("sys/hypervisor/guest_type"));
        if (!guest.equals("PVH") && !guest.equals("HVM")) {
            return guest.equals("PV")
                    ? "this is a PV domain, where Xen would write into other memory than its rings;"
                            + " use a guest of type=\"pvh\" or \"hvm\" (or dom0=pvh)"
                    : "cannot tell whether this is a PVH or HVM domain: /sys/hypervisor/guest_type says '" + guest
                            + "'";
        }
        Opened opened = opening.open(device);
        if (opened.xen() == null) {
            return switch (opened.errno()) {
                case SystemCalls.EPERM, SystemCalls.EACCES ->
                    "EACCES: cannot open /dev/xen/privcmd; run as root, in a container with the device";
                case SystemCalls.ENODEV, SystemCalls.ENOENT ->
                    "ENODEV: the kernel has no driver behind /dev/xen/privcmd; modprobe xen-privcmd xen-evtchn";
                default -> "cannot open /dev/xen/privcmd: errno " + opened.errno();
            };
        }
        long answer;
        try (Hypercalls xen = opened.xen()) {
            answer = xen.argo(ArgoDescriptor.OP_NOTIFY, 0, 0, 0, 0);
        }
        return answer < 0 ? refusal(root, (int) -answer) : requisites(root);
    }

    private static String refusal(Path root, int errno) {
        return switch (errno) {
            case SystemCalls.ENOSYS ->
                "ENOSYS: this Xen has no Argo; build it with CONFIG_EXPERT=y CONFIG_UNSUPPORTED=y CONFIG_ARGO=y";
            case SystemCalls.EOPNOTSUPP -> "EOPNOTSUPP: Argo is off; boot Xen with argo=1,mac-permissive=1";
            case SystemCalls.EPERM -> restriction(root);
            case SystemCalls.ENODEV -> "ENODEV: Xen has not enabled Argo for this domain";
            case SystemCalls.EACCES -> "EACCES: the security policy of Xen (XSM) keeps this domain from Argo";
            default -> "Xen answers Argo's hypercall with errno " + errno;
        };
    }

    private static String restriction(Path root) {
        String lockdown = read(root.resolve("sys/kernel/security/lockdown"));
        if (lockdown.contains("[integrity]") || lockdown.contains("[confidentiality]")) {
            return "EPERM: the kernel is locked down and lets nobody make hypercalls; boot it without lockdown"
                    + " (secure boot) and with xen_privcmd.unrestricted=1";
        }
        return "EPERM: the kernel lets this domain make no hypercalls; boot it with xen_privcmd.unrestricted=1 (or"
                + " modprobe xen-privcmd unrestricted=1)";
    }

    private static String requisites(Path root) {
        if (!Files.exists(root.resolve("dev/xen/evtchn"))) {
            return "ENOENT: no /dev/xen/evtchn; modprobe xen-evtchn";
        }
        if (memoryDirectory(root).isEmpty()) {
            return "no hugetlbfs is mounted for the rings; mount -t hugetlbfs none /dev/hugepages, or name one by -D"
                    + MEMORY_PROPERTY;
        }
        return read(root.resolve("proc/meminfo")).matches("(?s).*HugePages_Total:\\s+0\\b.*")
                ? "there are no huge pages for the rings; sysctl vm.nr_hugepages=16 (a connection takes about one of 2 MiB)"
                : "";
    }

    /** The hugetlbfs for rings. */
    static Optional<Path> memoryDirectory(Path root) {
        String named = System.getProperty(MEMORY_PROPERTY, "");
        if (!named.isEmpty()) {
            return Optional.of(Path.of(named));
        }
        return read(root.resolve("proc/mounts"))
                .lines()
                .map(line -> line.split(" ", -1))
                .filter(fields -> fields.length > 2 && fields[2].equals("hugetlbfs"))
                .map(fields -> Path.of(fields[1]))
                .findFirst();
    }

    /** Empty if there is no such file. */
    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
