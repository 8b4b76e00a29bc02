package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/** What kernels do wrong: each has its status, and the message says where. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class FaultTest {
    private static final String HEAD = ".version 7.0\n.target sm_75\n.address_size 64\n";

    /** Some threads of a block wait at one barrier, the others at another. */
    static final String DEADLOCK = HEAD + """
            .visible .entry k() {
                .reg .b32 %r<2>; .reg .pred %q;
                mov.u32 %r1, %tid.x;
                setp.gt.u32 %q, %r1, 10;
                @%q bra HIGH;
                bar.sync 1;
                ret;
            HIGH:
                bar.sync 2;
                ret;
            }
            """;

    private static final String ACCESS = HEAD + """
            .visible .entry load(.param .u64 p) {
                .reg .u64 %rd<2>; .reg .b32 %r<2>;
                ld.param.u64 %rd1, [p];
                ld.global.u32 %r1, [%rd1];
                ret;
            }
            .visible .entry store(.param .u64 p) {
                .reg .u64 %rd<2>;
                ld.param.u64 %rd1, [p];
                st.global.u32 [%rd1], 7;
                ret;
            }
            .visible .entry generic(.param .u64 p) {
                .reg .u64 %rd<2>;
                ld.param.u64 %rd1, [p];
                st.u32 [%rd1], 7;
                ret;
            }
            .visible .entry wide(.param .u64 p) {
                .reg .u64 %rd<2>; .reg .f32 %f<5>;
                ld.param.u64 %rd1, [p];
                ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1];
                ret;
            }
            .visible .entry atomic(.param .u64 p) {
                .reg .u64 %rd<2>;
                ld.param.u64 %rd1, [p];
                red.global.add.u32 [%rd1], 1;
                ret;
            }
            """;

    @Test
    void illegalAddressesNameKernelThreadAndLine() throws DeviceException {
        try (KernelBench bench = new KernelBench(ACCESS)) {
            long good = bench.upload(new int[64]);
            long freed = bench.memory().allocate(1024);
            bench.memory().free(freed);
            try (GlobalMemory other = GlobalMemory.reserve(1 << 20)) {
                long foreign = other.allocate(64);
                for (long wrong :
                        new long[] {0, 4, good + 256, good - 4, freed, foreign, -4, Long.MIN_VALUE, 1L << 62}) {
                    for (String kernel : new String[] {"load", "store", "generic", "atomic"}) {
                        DeviceException thrown = fault(CudaStatus.ILLEGAL_ADDRESS, bench, kernel, wrong);
                        assertTrue(
                                message(thrown).contains("illegal address 0x" + Long.toHexString(wrong)),
                                message(thrown));
                    }
                }
            }
            String load = message(fault(CudaStatus.ILLEGAL_ADDRESS, bench, "load", 16L));
            assertTrue(load.contains(" in kernel load, block (0,0,0), thread (0,0,0), PTX line 7"), load);
            bench.launch("store", KernelBench.line(1, 1), good);
            assertEquals(7, bench.ints(good, 1)[0]);
        }
    }

    /** A class file has no room for such lines. */
    @ParameterizedTest
    @ValueSource(ints = {30_000, 32_768, 40_000, 65_535, 65_536, 70_000, 200_000})
    void linesOfLongTextsAreTold(int line) throws DeviceException {
        String lines = "\n".repeat(line - (int) HEAD.lines().count() - 1);
        String access = lines + "st.global.u32 [%p], 7;\nret;\n}\n";
        String head = ".reg .u64 %p; ld.param.u64 %p, [p];";
        String kernel = HEAD + ".visible .entry k(.param .u64 p) { " + head;
        String function = HEAD + ".func f(.param .u64 p) { " + head;
        String call = ".visible .entry k(.param .u64 p) { " + head
                + " { .param .b64 a; st.param.b64 [a], %p; call.uni f, (a); } ret; }\n";
        for (String text : new String[] {kernel + access, function + access + call}) {
            try (KernelBench bench = new KernelBench(text)) {
                String words = message(fault(CudaStatus.ILLEGAL_ADDRESS, bench, "k", 16L));
                assertTrue(words.contains(", PTX line " + line + ";"), words);
            }
        }
    }

    /** Blocks that wait for each other are run in turns; a fault of one ends them all. */
    @Test
    void aFaultEndsBlocksThatWaitForIt() throws DeviceException {
        String ptx = HEAD + """
            .visible .entry k(.param .u64 flag, .param .u64 wrong) {
                .reg .b32 %r<4>; .reg .u64 %rd<4>; .reg .pred %q;
                ld.param.u64 %rd1, [flag]; ld.param.u64 %rd2, [wrong];
                mov.u32 %r1, %ctaid.x; mov.u32 %r2, %tid.x;
                setp.eq.u32 %q, %r1, 5;
                @%q bra LAST;
            WAIT:
                ld.acquire.gpu.global.u32 %r3, [%rd1];
                setp.eq.u32 %q, %r3, 0;
                @%q bra WAIT;
                ret;
            LAST:
                setp.ne.u32 %q, %r2, 40;
                @%q bra SIGNAL;
                st.global.u32 [%rd2], %r2;
            SIGNAL:
                setp.ne.u32 %q, %r2, 63;
                @%q ret;
                st.release.gpu.global.u32 [%rd1], 1;
                ret;
            }
            """;
        try (KernelBench bench = new KernelBench(ptx)) {
            long flag = bench.upload(0);
            long good = bench.upload(0);
            bench.launch("k", KernelBench.line(6, 64), flag, good);
            assertEquals(40, bench.ints(good, 1)[0]);
            long other = bench.upload(0);
            long freed = bench.memory().allocate(4);
            bench.memory().free(freed);
            String text = message(fault(CudaStatus.ILLEGAL_ADDRESS, bench, "k", KernelBench.line(6, 64), other, freed));
            long line = HEAD.lines().count() + 15;
            assertTrue(text.contains("block (5,0,0), thread (40,0,0), PTX line " + line + ";"), text);
            assertTrue(text.endsWith("freed allocation of 4 bytes at 0x" + Long.toHexString(freed)), text);
        }
    }

    /** A kernel's parameters are constant. */
    @Test
    void parametersCannotBeWrittenByGenericAddresses() throws DeviceException {
        for (String write : new String[] {
            "st.u32 [%a], 7;", "red.add.u32 [%a], 7;", "atom.add.u64 %p, [%a], 7;", "atom.cas.b32 %r, [%a], %r, %r;"
        }) {
            String ptx = HEAD + ".visible .entry k(.param .u64 p) { .reg .u64 %p, %a; .reg .b32 %r;\n"
                    + "ld.param.u64 %p, [p]; mov.u64 %a, p; cvta.param.u64 %a, %a; mov.u32 %r, 1;\n"
                    + "ld.u64 %p, [%a]; " + write + " ret;\n}\n";
            try (KernelBench bench = new KernelBench(ptx)) {
                fault(CudaStatus.ILLEGAL_ADDRESS, bench, "k", 1L);
            }
        }
    }

    @Test
    void misalignedAddressesAreFaults() throws DeviceException {
        try (KernelBench bench = new KernelBench(ACCESS)) {
            long good = bench.upload(new int[64]);
            for (String kernel : new String[] {"load", "store", "generic", "atomic"}) {
                fault(CudaStatus.MISALIGNED_ADDRESS, bench, kernel, good + 2);
            }
            fault(CudaStatus.MISALIGNED_ADDRESS, bench, "wide", good + 8);
            bench.launch("wide", KernelBench.line(1, 1), good + 16);
        }
    }

    @Test
    void sharedMemoryHasBounds() throws DeviceException {
        String ptx = HEAD + """
                .visible .entry k(.param .u32 p) {
                    .reg .b32 %r<4>; .shared .align 4 .b8 s[64];
                    ld.param.u32 %r1, [p];
                    mov.u32 %r2, s;
                    add.s32 %r2, %r2, %r1;
                    st.shared.u32 [%r2], %r1;
                    bar.sync 0;
                    ld.shared.u32 %r3, [%r2];
                    ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            bench.launch("k", KernelBench.line(1, 32), 60);
            for (int wrong : new int[] {64, 1 << 16, -4}) {
                String text = message(fault(CudaStatus.ILLEGAL_ADDRESS, bench, "k", wrong));
                assertTrue(text.contains("kernel k, block (0,0,0), thread (0,0,0), PTX line 9"), text);
            }
            for (int wrong : new int[] {1, 2, 3, 61}) {
                fault(CudaStatus.MISALIGNED_ADDRESS, bench, "k", wrong);
            }
        }
    }

    @Test
    void faultsInParallelBlocksNameTheirBlock() throws DeviceException {
        String ptx = HEAD + """
                .visible .entry k(.param .u64 p) {
                    .reg .b32 %r<4>; .reg .u64 %rd<2>; .reg .pred %q;
                    ld.param.u64 %rd1, [p];
                    mov.u32 %r1, %ctaid.x;
                    mov.u32 %r2, %tid.x;
                    setp.eq.u32 %q, %r1, 777;
                    setp.eq.and.u32 %q, %r2, 5, %q;
                    @%q st.global.u32 [%rd1+100000], %r1;
                    ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            long address = bench.upload(1);
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(2000, 64), address));
            assertTrue(message(thrown).contains("block (777,0,0), thread (5,0,0), PTX line 11"), message(thrown));
        }
    }

    @Test
    void threadsMayMeetAtDifferentBarriersOfOneNumber() throws DeviceException {
        String ptx = HEAD + """
                .visible .entry k(.param .u64 p) {
                    .reg .b32 %r<5>; .reg .u64 %rd<4>; .reg .pred %q; .shared .align 4 .b8 s[256];
                    ld.param.u64 %rd1, [p];
                    mov.u32 %r1, %tid.x;
                    shl.b32 %r2, %r1, 2;
                    mov.u32 %r3, s;
                    add.u32 %r2, %r2, %r3;
                    setp.lt.u32 %q, %r1, 20;
                    @%q bra LOW;
                    st.shared.u32 [%r2], 100;
                    bar.sync 0;
                    bra JOIN;
                LOW:
                    st.shared.u32 [%r2], %r1;
                    bar.sync 0;
                JOIN:
                    xor.b32 %r4, %r1, 63;
                    shl.b32 %r4, %r4, 2;
                    add.u32 %r4, %r4, %r3;
                    ld.shared.u32 %r4, [%r4];
                    mul.wide.u32 %rd2, %r1, 4;
                    add.u64 %rd3, %rd1, %rd2;
                    st.global.u32 [%rd3], %r4;
                    ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            long out = bench.upload(new int[64]);
            bench.launch("k", KernelBench.line(1, 64), out);
            int[] expected = new int[64];
            for (int t = 0; t < 64; t++) {
                expected[t] = (t ^ 63) < 20 ? t ^ 63 : 100;
            }
            assertArrayEquals(expected, bench.ints(out, 64));
        }
    }

    @Test
    void threadsThatEndReleaseABarrier() throws DeviceException {
        String ptx = HEAD + """
                .visible .entry k(.param .u64 p) {
                    .reg .b32 %r<5>; .reg .u64 %rd<4>; .reg .pred %q;
                    mov.u32 %r1, %tid.x;
                    setp.gt.u32 %q, %r1, 10;
                    @%q exit;
                    bar.sync 0;
                    ld.param.u64 %rd1, [p];
                    red.global.add.u32 [%rd1], 1;
                    ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            long out = bench.upload(0);
            bench.launch("k", KernelBench.line(3, 64), out);
            assertEquals(33, bench.ints(out, 1)[0]);
        }
    }

    @Test
    void namesTheBarriersOfADeadlock() throws DeviceException {
        try (KernelBench bench = new KernelBench(DEADLOCK)) {
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(1, 64)));
            assertEquals(CudaStatus.LAUNCH_FAILED, thrown.status());
            assertEquals(
                    "deadlock: threads wait for each other, 11 threads, the first of them (0,0,0), at barrier 1, PTX line 9;"
                            + " 53 threads, the first of them (11,0,0), at barrier 2, PTX line 12; in kernel k, block (0,0,0)",
                    message(thrown));
        }
    }

    @Test
    void cancelsEndlessKernels() throws Exception {
        String spin = HEAD + """
                .visible .entry spin() { L: bra L; }
                .visible .entry wait() { L: bar.sync 0; bra L; }
                .visible .entry poll(.param .u64 p) {
                    .reg .u64 %rd; .reg .b32 %r; .reg .pred %q;
                    ld.param.u64 %rd, [p];
                L:  ld.volatile.global.u32 %r, [%rd];
                    setp.eq.u32 %q, %r, 0;
                    @%q bra L;
                    ret;
                }
                .visible .entry vote() { .reg .b32 %r; L: vote.sync.ballot.b32 %r, 1, 0xffffffff; bra L; }
                """;
        try (KernelBench bench = new KernelBench(spin)) {
            long zero = bench.upload(0);
            for (String kernel : new String[] {"spin", "wait", "poll", "vote"}) {
                Cancellation cancellation = new Cancellation();
                Thread canceller = Thread.ofPlatform().start(() -> {
                    java.util.concurrent.locks.LockSupport.parkNanos(50_000_000);
                    cancellation.cancel();
                });
                Object[] arguments = kernel.equals("poll") ? new Object[] {zero} : new Object[0];
                DeviceException thrown = assertThrows(
                        DeviceException.class,
                        () -> bench.launch(kernel, KernelBench.line(8, 64), cancellation, arguments),
                        kernel);
                assertEquals(CudaStatus.LAUNCH_TIMEOUT, thrown.status());
                canceller.join();
            }
        }
    }

    /** The first block never ends by itself; only another worker can come to the second one. */
    @Test
    void faultInOneBlockEndsAnotherThatSpins() throws DeviceException {
        Assumptions.assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "needs a second worker");
        String ptx = HEAD + """
                .visible .entry k() {
                    .reg .b32 %r<2>; .reg .u64 %rd<2>; .reg .pred %q;
                    mov.u32 %r1, %ctaid.x;
                    setp.eq.u32 %q, %r1, 1;
                    @%q bra WRONG;
                SPIN:
                    bra SPIN;
                WRONG:
                    mov.u64 %rd1, 8;
                    st.global.u32 [%rd1], %r1;
                    ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            String text = message(fault(CudaStatus.ILLEGAL_ADDRESS, bench, "k", KernelBench.line(2, 32)));
            assertTrue(text.contains("block (1,0,0), thread (0,0,0), PTX line 13"), text);
        }
    }

    @Test
    void endlessRecursionIsALaunchFailure() throws DeviceException {
        String ptx = HEAD + """
                .func (.param .b32 r) f(.param .b32 a) {
                    .reg .b32 %r<3>;
                    ld.param.u32 %r1, [a];
                    add.u32 %r1, %r1, 1;
                    { .param .b32 p0; st.param.b32 [p0], %r1; .param .b32 r0;
                      call.uni (r0), f, (p0);
                      ld.param.b32 %r2, [r0]; }
                    st.param.b32 [r], %r2;
                    ret;
                }
                .visible .entry k() {
                    .param .b32 p0; .param .b32 r0;
                    st.param.b32 [p0], 1;
                    call.uni (r0), f, (p0);
                    ret;
                }
                .visible .entry t() { trap; }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            String text = message(fault(CudaStatus.LAUNCH_FAILED, bench, "k"));
            assertTrue(text.startsWith("call stack overflow in kernel k"), text);
            text = message(fault(CudaStatus.LAUNCH_FAILED, bench, "t"));
            assertTrue(text.startsWith("trap in kernel t"), text);
        }
    }

    @Test
    void refusesLaunchesBeyondTheLimits() throws DeviceException {
        try (KernelBench bench = KernelBench.ofFile("transpose")) {
            Kernel kernel = bench.module().kernel("transpose");
            LaunchShape good = new LaunchShape(1, 1, 1, 32, 8, 1, 0);
            kernel.check(good, 24);
            for (LaunchShape wrong : new LaunchShape[] {
                new LaunchShape(0, 1, 1, 32, 8, 1, 0),
                new LaunchShape(1, 65_536, 1, 32, 8, 1, 0),
                new LaunchShape(1, 1, 1, 32, 33, 1, 0),
                new LaunchShape(1, 1, 1, 1, 1, 65, 0),
                new LaunchShape(1, 1, 1, -1, -1, 1, 0),
                new LaunchShape(1, 1, 1, 32, 8, 1, 48 << 10),
                new LaunchShape(1, 1, 1, 32, 8, 1, -1),
            }) {
                DeviceException thrown = assertThrows(DeviceException.class, () -> kernel.check(wrong, 24));
                assertEquals(CudaStatus.INVALID_VALUE, thrown.status());
            }
            assertThrows(DeviceException.class, () -> kernel.check(good, 23));
            assertEquals(
                    CudaStatus.NOT_FOUND,
                    assertThrows(DeviceException.class, () -> bench.module().kernel("none"))
                            .status());
            assertEquals(
                    CudaStatus.NOT_FOUND,
                    assertThrows(DeviceException.class, () -> bench.module().global("none"))
                            .status());
            assertEquals(90, kernel.attributes().get(5));
            assertEquals(4224, kernel.attributes().get(1));
        }
        String bounded =
                HEAD + ".visible .entry k() .maxntid 64, 1, 1 { ret; }\n.visible .entry r() .reqntid 8 { ret; }\n";
        try (KernelBench bench = new KernelBench(bounded)) {
            bench.launch("k", KernelBench.line(1, 64));
            bench.launch("r", KernelBench.line(1, 8));
            fault(CudaStatus.LAUNCH_OUT_OF_RESOURCES, bench, "k", KernelBench.line(1, 65));
            fault(CudaStatus.INVALID_VALUE, bench, "r", KernelBench.line(1, 4));
        }
    }

    private static DeviceException fault(CudaStatus status, KernelBench bench, String kernel, Object... arguments) {
        return fault(status, bench, kernel, KernelBench.line(1, 1), arguments);
    }

    private static DeviceException fault(
            CudaStatus status, KernelBench bench, String kernel, LaunchShape shape, Object... arguments) {
        DeviceException thrown =
                assertThrows(DeviceException.class, () -> bench.launch(kernel, shape, arguments), kernel);
        assertEquals(status, thrown.status(), thrown.getMessage());
        return thrown;
    }

    private static String message(DeviceException thrown) {
        return String.valueOf(thrown.getMessage());
    }
}
