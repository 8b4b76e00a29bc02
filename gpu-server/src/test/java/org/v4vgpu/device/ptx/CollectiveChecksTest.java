package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.runtime.Checks;
import org.v4vgpu.proto.CudaStatus;

/** Checks of what asynchronous copies, memory barriers and matrix instructions do to shared memory. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CollectiveChecksTest {
    private static final Checks ALL = new Checks(true, true);
    private static final Checks MEMORY = new Checks(true, false);
    private static final Checks RACE = new Checks(false, true);

    /** Each of 64 threads has its number in r1 and 16 bytes of its own at r2; 256 words of global memory at rd1. */
    private static String kernel(String body) {
        return """
            .version 8.0
            .target sm_90
            .address_size 64
            .visible .entry k(.param .u64 p) {
                .reg .b32 %r<20>; .reg .b64 %rd<5>; .reg .pred %q<4>;
                .shared .align 16 .b8 s[2048]; .shared .align 8 .b8 bar[8];
                ld.param.u64 %rd1, [p]; mov.u32 %r1, %tid.x; mov.u32 %r4, s;
                shl.b32 %r2, %r1, 4; cvt.u64.u32 %rd2, %r2; add.u64 %rd2, %rd2, %rd1; add.u32 %r2, %r2, %r4;
                xor.b32 %r3, %r1, 1; shl.b32 %r3, %r3, 4; add.u32 %r3, %r3, %r4; mov.u32 %r5, bar;
                setp.eq.u32 %q1, %r1, 0; setp.eq.u32 %q2, %r1, 63;
            """ + body + "\n    ret;\n}\n";
    }

    @Test
    void copiesInitializeWhatTheyWrite() throws DeviceException {
        String copied = "cp.async.ca.shared.global [%r2], [%rd2], 8; cp.async.wait_all;\n";
        assertRuns(ALL, kernel(copied + "ld.shared.v2.u32 {%r6, %r7}, [%r2];"));
        assertFinding(MEMORY, kernel(copied + "ld.shared.u32 %r6, [%r2+8];"), "uninitialised shared memory at 0x8");
        assertFinding(MEMORY, kernel("ld.shared.u32 %r6, [%r2];\n" + copied), "uninitialised shared memory at 0x0");
    }

    @Test
    void copiesRaceAsWritesDo() throws DeviceException {
        String copied = "cp.async.ca.shared.global [%r2], [%rd2], 16; cp.async.wait_all;\n";
        assertFinding(
                RACE,
                kernel(copied + "ld.shared.u32 %r6, [%r3];"),
                "race in shared memory: thread (1,0,0) writes 16 bytes at 0x10 (PTX line 11) that thread (0,0,0)"
                        + " reads");
        assertRuns(ALL, kernel(copied + "bar.sync 0; ld.shared.u32 %r6, [%r3];"));
    }

    @Test
    void copiesBeyondAnAllocationAreFound() throws DeviceException {
        String beyond = kernel("add.u64 %rd2, %rd2, 8; cp.async.ca.shared.global [%r2], [%rd2], 8, %r6;");
        assertRuns(MEMORY, kernel("add.u64 %rd2, %rd2, 8; cp.async.ca.shared.global [%r2], [%rd2], 8;"));
        assertRuns(MEMORY, beyond.replace("%r6", "0").replace("%rd2, 8;", "%rd2, 1024;"));
        try (KernelBench bench =
                new KernelBench(beyond.replace(", %r6", "").replace("%rd2, 8;", "%rd2, 16;"), MEMORY)) {
            // 1020 bytes: the last copy leaves them by 4 and stays within what is allocated for them.
            long memory = bench.upload(new int[255 + 4]);
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(1, 65), memory));
            assertEquals(CudaStatus.ILLEGAL_ADDRESS, thrown.status());
            assertTrue(String.valueOf(thrown.getMessage()).contains("thread (64,0,0)"), thrown.getMessage());
        }
    }

    @Test
    void memoryBarriersOrderWhatIsAroundThem() throws DeviceException {
        String produced = """
            @%q1 mbarrier.init.shared.b64 [%r5], 1;
            bar.sync 0;
            @!%q2 bra WAIT;
            st.shared.u32 [%r4], 77;
            mbarrier.arrive.shared.b64 _, [%r5];
            WAIT:
            mbarrier.try_wait.parity.shared.b64 %q3, [%r5], 0;
            @!%q3 bra WAIT;
            ld.shared.u32 %r6, [%r4];
            """;
        assertRuns(ALL, kernel(produced));
        assertRuns(
                ALL,
                kernel(produced.replace("shared.b64 _, [%r5]", "b64 _, [%rd3]")
                        .replace("@%q1 mbarrier", "cvta.shared.u64 %rd3, bar; @%q1 mbarrier")));
        assertFinding(
                RACE,
                kernel(produced.replace("@!%q3 bra WAIT;", "")),
                "race in shared memory: thread (63,0,0) writes 4 bytes at 0x0 (PTX line 14)");
        assertFinding(
                MEMORY,
                kernel("mbarrier.arrive.shared.b64 _, [%r5];"),
                "read of uninitialised shared memory at 0x800 (8 bytes)");
    }

    @Test
    void matricesOfEightAreWatchedByRows() throws DeviceException {
        // Both warps have matrices of their own: 32 rows of 16 bytes each.
        String stored = "stmatrix.sync.aligned.m8n8.x4.shared.b16 [%r2], {%r6, %r7, %r8, %r9};\n";
        String loaded = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r6, %r7, %r8, %r9}, [%r2];\n";
        assertRuns(ALL, kernel(stored + loaded + "st.shared.u32 [%r3], %r6;"));
        assertFinding(
                MEMORY,
                kernel(loaded),
                "read of uninitialised shared memory at 0x0 (16 bytes) in kernel k, block (0,0,0),"
                        + " thread (0,0,0), PTX line 11");
        assertFinding(
                MEMORY,
                kernel(stored.replace("x4", "x2").replace(", %r8, %r9", "") + "bar.sync 0;\n" + loaded),
                "read of uninitialised shared memory at 0x100 (16 bytes)");
        assertFinding(
                RACE,
                kernel(stored + "xor.b32 %r2, %r2, 512;\n" + loaded),
                "race in shared memory: thread (0,0,0) writes 16 bytes at 0x0 (PTX line 11)",
                "race in shared memory: thread (32,0,0) reads 16 bytes at 0x0 (PTX line 13) that thread (0,0,0) writes",
                "race in shared memory: thread (32,0,0) writes 16 bytes at 0x200 (PTX line 11) that thread (0,0,0)"
                        + " reads");
        assertRuns(ALL, kernel(stored + "xor.b32 %r2, %r2, 512; bar.sync 0;\n" + loaded));
    }

    @Test
    void fragmentsAreWatchedByElements() throws DeviceException {
        String list = "{%r6, %r7, %r8, %r9, %r10, %r11, %r12, %r13}";
        String stored = "@%q3 wmma.store.d.sync.aligned.row.m16n16k16.shared.s32 [%r4], " + list + ", 16;\n";
        String loaded = "@%q3 wmma.load.c.sync.aligned.row.m16n16k16.shared.s32 " + list + ", [%r4], 16;\n";
        String first = "setp.lt.u32 %q3, %r1, 32;\n";
        assertRuns(ALL, kernel(first + stored + loaded));
        assertFinding(
                MEMORY,
                kernel(first + loaded),
                "read of uninitialised shared memory at 0x0 (4 bytes) in kernel k, block (0,0,0), thread (0,0,0), PTX"
                        + " line 12");
        assertFinding(
                RACE,
                kernel(first + stored + "@!%q3 ld.shared.u32 %r6, [%r4+1020];"),
                "race in shared memory: thread (");
        // Places that two lanes share hold one value.
        assertRuns(
                ALL,
                kernel(first + "@%q3 wmma.store.d.sync.aligned.row.m8n8k4.shared.f64 [%r4], {%rd1, %rd1}, 8;")
                        .replace("%rd1, %rd1}", "%f1, %f1}")
                        .replace(".reg .pred", ".reg .f64 %f<2>; mov.f64 %f1, 0d0000000000000000; .reg .pred"));
    }

    private static void assertRuns(Checks checks, String ptx) throws DeviceException {
        try (KernelBench bench = new KernelBench(ptx, checks)) {
            bench.launch("k", KernelBench.line(1, 64), bench.upload(new int[260]));
        }
    }

    /** That the check ends the kernel with words that begin with, or contain, one of those. */
    private static void assertFinding(Checks checks, String ptx, String... words) throws DeviceException {
        try (KernelBench bench = new KernelBench(ptx, checks)) {
            long memory = bench.upload(new int[260]);
            DeviceException thrown = assertThrows(
                    DeviceException.class, () -> bench.launch("k", KernelBench.line(1, 64), memory), words[0]);
            assertEquals(CudaStatus.LAUNCH_FAILED, thrown.status());
            String message = String.valueOf(thrown.getMessage());
            boolean found = false;
            for (String each : words) {
                found |= message.contains(each);
            }
            assertTrue(found, message);
        }
    }
}
