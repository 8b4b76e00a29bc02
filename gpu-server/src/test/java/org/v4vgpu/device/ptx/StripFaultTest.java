package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.runtime.VectorUnit;
import org.v4vgpu.proto.CudaStatus;

/** What goes wrong in a strip is the fault of the thread that would have done it alone; and a strip can be told to end. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StripFaultTest {
    private static final String HEAD = ".version 7.0\n.target sm_75\n.address_size 64\n";

    @BeforeAll
    static void assumeVectors() {
        Assumptions.assumeTrue(VectorUnit.bits() > 0, "no vectors in this JVM");
    }

    @Test
    void faultsNameTheThread() throws DeviceException {
        String[] messages = new String[2];
        for (int form = 0; form < 2; form++) {
            try (KernelBench bench = new KernelBench(KernelFiles.text("vecadd") + "// named\n")) {
                assertTrue(bench.module().kernel("vecadd").useStrips(form == 1));
                long a = bench.memory().allocate(4 * 1000);
                DeviceException thrown = assertThrows(
                        DeviceException.class, () -> bench.launch("vecadd", KernelBench.line(5, 256), a, a, a, 1280));
                assertEquals(CudaStatus.ILLEGAL_ADDRESS, thrown.status());
                messages[form] = String.valueOf(thrown.getMessage()).replaceAll("0x[0-9a-f]+", "0x");
            }
        }
        assertEquals(messages[0], messages[1]);
        assertTrue(messages[1].contains("block (4,0,0), thread (0,0,0), PTX line"), messages[1]);
    }

    /** Live memory ends within the strip in which the kernel's numbers end, too: what others would access is nobody's affair. */
    @Test
    void faultsAtAnEdgeAreThoseOfThreadsThatRun() throws DeviceException {
        String[] messages = new String[2];
        for (int form = 0; form < 2; form++) {
            try (KernelBench bench =
                    new KernelBench(KernelFiles.text("vecadd") + "// at an edge\n")) { // of its own, to count
                Kernel kernel = bench.module().kernel("vecadd");
                assertTrue(kernel.useStrips(form == 1));
                long in = bench.upload(StripKernelTest.random(1024, 8));
                long out = bench.memory().allocate(4 * 1024);
                long a = in + 32;
                bench.launch("vecadd", KernelBench.line(4, 256), a, a, out, 1014);
                float[] words = bench.floats(in, 1024);
                float[] sums = bench.floats(out, 1024);
                for (int t = 0; t < 1024; t++) {
                    assertEquals(t < 1014 ? 2 * words[t + 8] : 0, sums[t], "thread " + t);
                }
                assertEquals(0, kernel.blocksThatLeftStrips());
                assertEquals(form, kernel.blocksThatParted());
                DeviceException thrown = assertThrows(
                        DeviceException.class, () -> bench.launch("vecadd", KernelBench.line(4, 256), a, a, out, 1020));
                assertEquals(CudaStatus.ILLEGAL_ADDRESS, thrown.status());
                messages[form] = String.valueOf(thrown.getMessage()).replaceAll("0x[0-9a-f]+", "0x");
            }
        }
        assertEquals(messages[0], messages[1]);
        assertTrue(messages[1].contains("block (3,0,0), thread (248,0,0), PTX line"), messages[1]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bra TOP;", "mul.lo.u32 %r1, %r1, %r1; setp.gt.u32 %p, %r1, 9; @%p bra TOP; ret;"})
    void endlessLoopsAreCancelled(String end) throws Exception {
        String ptx =
                HEAD + ".visible .entry k() { .reg .b32 %r1; .reg .pred %p; TOP: mov.u32 %r1, %tid.x; " + end + " }\n";
        try (KernelBench bench = new KernelBench(ptx)) {
            assertTrue(bench.module().kernel("k").useStrips(true));
            Cancellation cancellation = new Cancellation();
            Thread canceller = Thread.ofPlatform().start(() -> {
                LockSupport.parkNanos(100_000_000);
                cancellation.cancel();
            });
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(2, 64), cancellation));
            assertEquals(CudaStatus.LAUNCH_TIMEOUT, thrown.status());
            canceller.join();
        }
    }

    /** Behind an atomic operation a strip can't begin again: the thread that is wrong is named at once. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ld.global.u32 %r3, [%d2+40]",
                "st.global.u32 [%d2+40], %r3",
                "red.global.add.u32 [%d2+40], 1",
                "ld.global.u32 %r3, [%d2+1]",
                "ld.shared.u32 %r3, [%r5+40]",
                "@%p trap"
            })
    void faultsBehindAtomicsNameTheThread(String wrong) throws DeviceException {
        String ptx = HEAD + """
                .visible .entry k(.param .u64 a) {
                    .reg .b32 %r<6>; .reg .b64 %d<3>; .reg .pred %p; .shared .align 4 .b8 s[128];
                    ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x; mov.u32 %r3, 9; shl.b32 %r5, %r1, 2;
                    mul.wide.u32 %d2, %r1, 4; add.u64 %d2, %d1, %d2; and.b32 %r4, %r1, 6; setp.eq.u32 %p, %r4, 6;
                    add.u32 %r4, %r4, %r1; xor.b32 %r4, %r4, 3; and.b32 %r4, %r4, 3;
                    red.global.add.u32 [%d1], 1; BRANCH
                """ + wrong + "; END: st.global.u32 [%d2], %r4; ret; }\n";
        for (String branch : new String[] {"", "@!%p bra END;"}) {
            String[] messages = new String[2];
            for (int form = 0; form < 2; form++) {
                try (KernelBench bench = new KernelBench(ptx.replace("BRANCH", branch) + "// " + form)) {
                    assertTrue(bench.module().kernel("k").useStrips(form == 1), ptx);
                    long a = bench.memory().allocate(256);
                    a += 128; // Of the last granule, as many words as the block has threads.
                    long start = a;
                    messages[form] = String.valueOf(assertThrows(
                                            DeviceException.class,
                                            () -> bench.launch("k", KernelBench.line(1, 32), start))
                                    .getMessage())
                            .replaceAll("0x[0-9a-f]+", "0x");
                }
            }
            assertEquals(messages[0], messages[1]);
        }
    }
}
