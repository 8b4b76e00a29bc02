package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.ptx.runtime.Checks;
import org.v4vgpu.proto.CudaStatus;

/** Mistakes that a GPU does not tell, and right kernels that look like them. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ChecksTest {
    private static final Checks ALL = new Checks(true, true);
    private static final Checks MEMORY = new Checks(true, false);
    private static final Checks RACE = new Checks(false, true);

    /** Head and body of a kernel: each thread has its number in r1, the shared address of its own word in r2, its neighbour's in r3. */
    private static String kernel(String body) {
        return """
                .version 7.0
                .target sm_75
                .address_size 64
                .visible .entry k(.param .u64 p) {
                    .reg .b32 %r<9>; .reg .u64 %rd<5>; .reg .pred %q<3>; .shared .align 16 .b8 s[1024];
                    ld.param.u64 %rd1, [p];
                    mov.u32 %r1, %tid.x;
                    mov.u32 %r4, s;
                    shl.b32 %r2, %r1, 2;
                    add.u32 %r2, %r2, %r4;
                    xor.b32 %r3, %r1, 1;
                    shl.b32 %r3, %r3, 2;
                    add.u32 %r3, %r3, %r4;
                """ + body + "\n    ret;\n}\n";
    }

    @Test
    void findsReadsOfUninitializedSharedMemory() throws DeviceException {
        String half = kernel("""
                    setp.lt.u32 %q1, %r1, 32;
                    @%q1 st.shared.u32 [%r2], %r1;
                    bar.sync 0;
                    ld.shared.u32 %r5, [%r2];
                """);
        assertFinding(
                MEMORY,
                half,
                "read of uninitialised shared memory at 0x80 (4 bytes) in kernel k, block (0,0,0), thread (32,0,0), PTX line 17");
        assertRuns(Checks.NONE, half);
        assertRuns(RACE, half);
        String bytes = kernel("""
                    st.shared.u16 [%r2], %r1;
                    ld.shared.u32 %r5, [%r2];
                """);
        assertFinding(MEMORY, bytes, "uninitialised shared memory at 0x0 (4 bytes)");
    }

    /** The reader runs before the writer, but what is wrong is that they do not wait for each other. */
    @Test
    void aMissingBarrierIsARaceAndNoUninitialisedRead() throws DeviceException {
        assertFinding(
                ALL,
                kernel("""
                    st.shared.u32 [%r2], %r1;
                    ld.shared.u32 %r5, [%r3];
                """),
                "race in shared memory: thread (1,0,0) writes 4 bytes at 0x4 (PTX line 14) that thread (0,0,0) reads");
    }

    @Test
    void readsThatNobodyWritesAreToldWhereRacesAreLookedFor() throws DeviceException {
        String uninitialised =
                "read of uninitialised shared memory at 0x100 (4 bytes) in kernel k, block (0,0,0), thread (7,0,0), PTX line ";
        String reads = """
                    setp.eq.u32 %q1, %r1, 7;
                    @%q1 ld.shared.u32 %r5, [s+256];
                """;
        assertFinding(ALL, kernel(reads), uninitialised + 15);
        assertFinding(ALL, kernel(reads + "    bar.sync 0;\n    st.shared.u32 [s+256], 1;\n"), uninitialised + 15);
        // What it led to does not hide it.
        assertFinding(
                ALL,
                kernel(reads + "    mov.u64 %rd2, 64;\n    @%q1 st.global.u32 [%rd2], %r5;\n"),
                uninitialised + 15);
        // Its own thread comes too late.
        assertFinding(ALL, kernel(reads + "    @%q1 st.shared.u32 [s+256], 1;\n"), uninitialised + 15);
    }

    @Test
    void everyBlockBeginsUninitialized() throws DeviceException {
        assertFinding(
                MEMORY,
                kernel("""
                    mov.u32 %r5, %ctaid.x;
                    setp.eq.u32 %q1, %r5, 0;
                    @%q1 st.shared.u32 [%r2], %r1;
                    bar.sync 0;
                    ld.shared.u32 %r5, [%r2];
                """),
                new LaunchShape(2, 1, 1, 64, 1, 1, 0),
                "in kernel k, block (1,0,0), thread (0,0,0)");
    }

    @Test
    void findsMissingBarriers() throws DeviceException {
        String readAfterWrite = kernel("""
                    st.shared.u32 [%r2], %r1;
                    ld.shared.u32 %r5, [%r3];
                """);
        // A warp's lanes run one after the other here, so that the first one reads what its neighbour has not written
        // yet.
        assertFinding(
                RACE,
                readAfterWrite,
                "race in shared memory: thread (1,0,0) writes 4 bytes at 0x4 (PTX line 14) that thread (0,0,0) reads (PTX"
                        + " line 15), with no barrier between them in kernel k, block (0,0,0), PTX line 14");
        String writeAfterRead = kernel("""
                    st.shared.u32 [%r2], %r1;
                    bar.sync 0;
                    ld.shared.u32 %r5, [%r3];
                    add.u32 %r5, %r5, 1;
                    st.shared.u32 [%r2], %r5;
                """);
        assertFinding(
                RACE,
                writeAfterRead,
                "thread (1,0,0) reads 4 bytes at 0x0 (PTX line 16) that thread (0,0,0) writes (PTX line 18)");
        assertFinding(RACE, kernel("    st.shared.u32 [%r4], %r1;"), "thread (1,0,0) writes 4 bytes at 0x0");
        assertRuns(ALL, kernel("""
                    st.shared.u32 [%r2], %r1;
                    bar.sync 0;
                    ld.shared.u32 %r5, [%r3];
                    bar.sync 0;
                    st.shared.u32 [%r2], %r5;
                """));
    }

    @Test
    void findsRacesBetweenWarpsBehindWarpBarriers() throws DeviceException {
        String body = """
                    st.shared.u32 [%%r2], %%r1;
                    bar.warp.sync 0xffffffff;
                    xor.b32 %%r3, %%r1, %d;
                    shl.b32 %%r3, %%r3, 2;
                    add.u32 %%r3, %%r3, %%r4;
                    ld.shared.u32 %%r5, [%%r3];
                """;
        assertRuns(ALL, kernel(body.formatted(16)));
        assertFinding(RACE, kernel(body.formatted(32)), "race in shared memory: thread (32,0,0) writes");
    }

    @Test
    void barriersOrderOnlyWhoTakesPart() throws DeviceException {
        // Warp 0 produces, warp 1 consumes; warp 2 reads as well and has no part in barrier 1.
        String body = """
                    setp.lt.u32 %%q1, %%r1, 32;
                    @%%q1 bra PRODUCE;
                    setp.ge.u32 %%q2, %%r1, 64;
                    @%%q2 bra BESIDE;
                    bar.sync 1, 64;
                    ld.shared.u32 %%r5, [%%r2+-128];
                    ret;
                PRODUCE:
                    st.shared.u32 [%%r2], %%r1;
                    bar.arrive 1, 64;
                    ret;
                BESIDE:
                    %s
                    ret;
                """;
        LaunchShape shape = new LaunchShape(1, 1, 1, 96, 1, 1, 0);
        assertRuns(ALL, kernel(body.formatted("mov.u32 %r5, 0;")), shape);
        assertFinding(RACE, kernel(body.formatted("ld.shared.u32 %r5, [%r2+-256];")), shape, "with no barrier between");
    }

    @Test
    void threadsThatHaveEndedAreOrderedByTheNextBarrier() throws DeviceException {
        assertRuns(ALL, kernel("""
                    st.shared.u32 [%r2], %r1;
                    setp.ge.u32 %q1, %r1, 32;
                    @%q1 exit;
                    bar.sync 0;
                    ld.shared.u32 %r5, [%r2+128];
                """));
    }

    @Test
    void flagsAtomicsAndLocksAreNoRaces() throws DeviceException {
        assertRuns(ALL, kernel("""
                    mov.u32 %r5, 1;
                    st.shared.u32 [%r4], %r5;
                    bar.sync 0;
                    atom.shared.add.u32 %r6, [%r4], 1;
                    bar.sync 0;
                    ld.shared.u32 %r5, [%r4];
                """));
        assertFinding(RACE, kernel("""
                    atom.shared.add.u32 %r6, [%r4], 1;
                    ld.shared.u32 %r5, [%r4+0];
                    st.shared.u32 [%r4], %r5;
                """), "race in shared memory");
        // A critical section: the lock at 0, what it guards at 4.
        assertRuns(ALL, kernel("""
                    setp.eq.u32 %q1, %r1, 0;
                    mov.u32 %r5, 0;
                    @%q1 st.shared.u32 [%r4], %r5;
                    @%q1 st.shared.u32 [%r4+4], %r5;
                    bar.sync 0;
                AGAIN:
                    atom.shared.cas.b32 %r6, [%r4], 0, 1;
                    setp.ne.u32 %q2, %r6, 0;
                    @%q2 bra AGAIN;
                    ld.shared.u32 %r6, [%r4+4];
                    add.u32 %r6, %r6, 1;
                    st.shared.u32 [%r4+4], %r6;
                    membar.cta;
                    atom.shared.exch.b32 %r6, [%r4], 0;
                """));
    }

    @Test
    void findsRacesByGenericAddressesAndInFunctions() throws DeviceException {
        assertFinding(RACE, kernel("""
                    cvt.u64.u32 %rd2, %r4;
                    cvta.shared.u64 %rd3, %rd2;
                    st.u32 [%rd3], %r1;
                """), "race in shared memory: thread (1,0,0) writes 4 bytes at 0x0 (PTX line 16)");
        String function = kernel("""
                    { .param .b32 p0; st.param.b32 [p0], %r4; .param .b32 p1; st.param.b32 [p1], %r1;
                      call.uni put, (p0, p1); }
                """).replace(".visible .entry", """
                .func put(.param .b32 a, .param .b32 v) {
                    .reg .b32 %r<3>;
                    ld.param.u32 %r1, [a]; ld.param.u32 %r2, [v];
                    st.shared.u32 [%r1], %r2;
                    ret;
                }
                .visible .entry""");
        assertFinding(RACE, function, "thread (1,0,0) writes 4 bytes at 0x0 (PTX line 7)");
    }

    @Test
    void globalAccessesAreCheckedToTheByte() throws DeviceException {
        String ptx = kernel("""
                    mul.wide.u32 %rd2, %r1, 4;
                    add.u64 %rd3, %rd1, %rd2;
                    ld.global.u32 %r5, [%rd3];
                """);
        try (KernelBench bench = new KernelBench(ptx, MEMORY)) {
            long address = bench.upload(new int[63]);
            bench.launch("k", KernelBench.line(1, 63), address);
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(1, 64), address));
            assertEquals(CudaStatus.ILLEGAL_ADDRESS, thrown.status());
            String text = String.valueOf(thrown.getMessage());
            assertTrue(
                    text.contains("(read of 4 bytes) in kernel k, block (0,0,0), thread (63,0,0), PTX line 16"), text);
            assertTrue(text.contains("; 0 bytes past the end of the 252-byte allocation"), text);
        }
        try (KernelBench bench = new KernelBench(ptx)) {
            bench.launch("k", KernelBench.line(1, 64), bench.upload(new int[63])); // To the granule without checks.
        }
    }

    /** 20 bytes of malloc at 0, 16 and 20 of them, and after free. */
    @Test
    void memoryOfMallocIsCheckedToTheByte() throws DeviceException {
        String ptx = """
                .version 7.0
                .target sm_75
                .address_size 64
                .extern .func (.param .b64 r) malloc(.param .b64 n);
                .extern .func free(.param .b64 p);
                .visible .entry k(.param .u32 offset, .param .u32 freed) {
                    .reg .b64 %rd<4>; .reg .b32 %r<3>; .reg .pred %q;
                    { .param .b64 n; st.param.b64 [n], 20; .param .b64 r; call.uni (r), malloc, (n); ld.param.b64 %rd1, [r]; }
                    ld.param.u32 %r1, [offset]; ld.param.u32 %r2, [freed];
                    cvt.u64.u32 %rd2, %r1;
                    add.u64 %rd3, %rd1, %rd2;
                    setp.eq.u32 %q, %r2, 0;
                    @%q bra KEEP;
                    { .param .b64 p; st.param.b64 [p], %rd1; call.uni free, (p); }
                KEEP:
                    st.u32 [%rd3], 7;
                    @!%q bra END;
                    { .param .b64 p; st.param.b64 [p], %rd1; call.uni free, (p); }
                END:
                    ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx, MEMORY)) {
            bench.launch("k", KernelBench.line(2, 32), 0, 0);
            bench.launch("k", KernelBench.line(2, 32), 16, 0);
            String beyond = fault(bench, 20, 0);
            assertTrue(
                    beyond.contains("PTX line 16; 0 bytes past the end of the 20 bytes that malloc gave at 0x"),
                    beyond);
        }
        try (KernelBench bench = new KernelBench(ptx, MEMORY)) {
            String freed = fault(bench, 0, 1);
            assertTrue(freed.endsWith("PTX line 16; in the heap of malloc, where nothing is given out"), freed);
        }
        try (KernelBench bench = new KernelBench(ptx)) {
            bench.launch("k", KernelBench.line(1, 1), 20, 1);
        }
    }

    private static String fault(KernelBench bench, int offset, int freed) {
        DeviceException thrown =
                assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(1, 1), offset, freed));
        assertEquals(CudaStatus.ILLEGAL_ADDRESS, thrown.status());
        return String.valueOf(thrown.getMessage());
    }

    @Test
    void realKernelsPassAndComputeTheSame() throws DeviceException {
        int n = 64;
        float[] a = new float[n * n];
        float[] b = new float[n * n];
        for (int i = 0; i < a.length; i++) {
            a[i] = i % 7;
            b[i] = i % 5;
        }
        float[][] products = new float[2][];
        for (int i = 0; i < 2; i++) {
            try (KernelBench bench = new KernelBench(KernelFiles.text("matmul"), i == 0 ? Checks.NONE : ALL)) {
                long c = bench.upload(new float[n * n]);
                bench.launch(
                        "matmul_tiled",
                        new LaunchShape(n / 16, n / 16, 1, 16, 16, 1, 0),
                        bench.upload(a),
                        bench.upload(b),
                        c,
                        n);
                products[i] = bench.floats(c, n * n);
            }
        }
        assertArrayEquals(products[0], products[1]);
        assertNotSame(
                CompiledModule.compile(KernelFiles.text("matmul")),
                CompiledModule.compile(KernelFiles.text("matmul"), ALL));
    }

    /** What matrix instructions store is not watched, but is there. */
    @Test
    void matricesInitializeSharedMemory() throws DeviceException {
        assertRuns(MEMORY, kernel("""
                    and.b32 %r5, %r1, 7;
                    shl.b32 %r5, %r5, 4;
                    add.u32 %r5, %r5, %r4;
                    stmatrix.sync.aligned.m8n8.x1.shared.b16 [%r5], {%r1};
                    bar.sync 0;
                    ld.shared.u32 %r6, [%r5];
                """).replace("7.0", "8.0").replace("sm_75", "sm_90"));
    }

    private static void assertRuns(Checks checks, String ptx) throws DeviceException {
        assertRuns(checks, ptx, KernelBench.line(3, 64));
    }

    private static void assertRuns(Checks checks, String ptx, LaunchShape shape) throws DeviceException {
        try (KernelBench bench = new KernelBench(ptx, checks)) {
            bench.launch("k", shape, bench.upload(new int[256]));
        }
    }

    private static void assertFinding(Checks checks, String ptx, String words) throws DeviceException {
        assertFinding(checks, ptx, KernelBench.line(1, 64), words);
    }

    private static void assertFinding(Checks checks, String ptx, LaunchShape shape, String words)
            throws DeviceException {
        try (KernelBench bench = new KernelBench(ptx, checks)) {
            long memory = bench.upload(new int[256]);
            DeviceException thrown = assertThrows(DeviceException.class, () -> bench.launch("k", shape, memory), words);
            assertEquals(CudaStatus.LAUNCH_FAILED, thrown.status());
            assertTrue(String.valueOf(thrown.getMessage()).contains(words), thrown.getMessage());
        }
    }
}
