package org.v4vgpu.v4v.xen;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.xen.ArgoAvailability.Opened;

/** Each thing that can be missing is named, with what to do. */
class ArgoAvailabilityTest {
    @TempDir
    Path root;

    /** A machine on which nothing is missing. */
    @BeforeEach
    void furnish() throws IOException {
        write("dev/xen/privcmd", "");
        write("dev/xen/evtchn", "");
        write("sys/hypervisor/type", "xen\n");
        write("sys/hypervisor/guest_type", "PVH\n");
        write("proc/mounts", "proc /proc proc rw 0 0\nnone /huge hugetlbfs rw,pagesize=2M 0 0\n");
        write("proc/meminfo", "MemTotal: 1 kB\nHugePages_Total:      16\nHugePages_Free: 16\n");
    }

    private void write(String file, String text) throws IOException {
        Files.createDirectories(root.resolve(file).getParent());
        Files.writeString(root.resolve(file), text);
    }

    private String problem(long answer) {
        return problem(new Opened(new Answering(answer), 0));
    }

    private String problem(Opened opened) {
        Throwable cause = ArgoAvailability.of(root, _ -> opened).cause();
        assertNotNull(cause);
        return String.valueOf(cause.getMessage());
    }

    private record Answering(long answer) implements Hypercalls {
        @Override
        public long argo(int operation, long arg1, long arg2, long arg3, long arg4) {
            return answer;
        }

        @Override
        public void close() {}
    }

    private static void assertNames(String problem, String... words) {
        for (String word : words) {
            assertTrue(problem.contains(word), problem);
        }
        assertTrue(problem.lines().count() == 1, problem);
    }

    @Test
    void findsNothingMissing() {
        assertNull(
                ArgoAvailability.of(root, _ -> new Opened(new Answering(0), 0)).cause());
    }

    @Test
    void namesWhatXenLacks() {
        assertNames(problem(-SystemCalls.ENOSYS), "ENOSYS", "CONFIG_ARGO=y");
        assertNames(problem(-SystemCalls.EOPNOTSUPP), "EOPNOTSUPP", "argo=1");
        assertNames(problem(-SystemCalls.ENODEV), "ENODEV");
        assertNames(problem(-SystemCalls.EACCES), "EACCES", "XSM");
        assertNames(problem(-77), "77");
    }

    @Test
    void tellsARestrictedPrivcmdFromALockedDownKernel() throws IOException {
        assertNames(problem(-SystemCalls.EPERM), "EPERM", "xen_privcmd.unrestricted=1");
        write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
        assertNames(problem(-SystemCalls.EPERM), "EPERM", "lock");
    }

    @Test
    void namesWhatTheGuestLacks() throws IOException {
        assertNames(problem(new Opened(null, SystemCalls.EACCES)), "root");
        assertNames(problem(new Opened(null, SystemCalls.ENODEV)), "modprobe");
        write("proc/meminfo", "HugePages_Total:       0\n");
        assertNames(problem(0), "vm.nr_hugepages");
        write("proc/mounts", "proc /proc proc rw 0 0\n");
        assertNames(problem(0), "hugetlbfs");
        Files.delete(root.resolve("dev/xen/evtchn"));
        assertNames(problem(0), "xen-evtchn");
        Files.delete(root.resolve("dev/xen/privcmd"));
        assertNames(problem(0), "ENOENT", "modprobe xen-privcmd");
        Files.delete(root.resolve("sys/hypervisor/type"));
        assertNames(problem(0), "no domain of Xen");
    }

    @Test
    void refusesAPvDomainBeforeItAsksXen() throws IOException {
        Opened mustNotBeUsed = new Opened(null, 99);
        write("sys/hypervisor/guest_type", "PV\n");
        assertNames(problem(mustNotBeUsed), "PV", "pvh");
        Files.delete(root.resolve("sys/hypervisor/guest_type"));
        assertNames(problem(mustNotBeUsed), "guest_type");
    }
}
