package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceException;

class BriefKernelsTest {
    private static final String HEAD = ".version 7.0\n.target sm_75\n.address_size 64\n.func f() { ret; }\n";

    @Test
    void knowsWhatGoesForwardOnly() throws DeviceException {
        assertTrue(isBrief("", 1, 1));
        assertTrue(isBrief("mov.u32 %r1, %tid.x; setp.eq.u32 %q, %r1, 3; @%q bra L; add.u32 %r1, %r1, 1; L:", 1, 1024));
    }

    @Test
    void knowsWhatMayTakeLong() throws DeviceException {
        assertFalse(isBrief("L: mov.u32 %r1, %tid.x; setp.eq.u32 %q, %r1, 3; @%q bra L;", 1, 1));
        assertFalse(isBrief("bar.sync 0;", 1, 32));
        assertFalse(isBrief("call f;", 1, 1));
        assertFalse(isBrief("nanosleep.u32 1000000;", 1, 1));
    }

    @Test
    void countsThreads() throws DeviceException {
        assertTrue(isBrief("mov.u32 %r1, %tid.x;", 4, 1024));
        assertFalse(isBrief("mov.u32 %r1, %tid.x;", 1 << 20, 1024));
        assertFalse(isBrief("", Integer.MAX_VALUE, 1024));
    }

    private static boolean isBrief(String body, int blocks, int threads) throws DeviceException {
        String ptx = HEAD + ".visible .entry k() { .reg .b32 %r<2>; .reg .pred %q; " + body + " ret; }";
        try (KernelBench bench = new KernelBench(ptx)) {
            return bench.module().kernel("k").isBrief(KernelBench.line(blocks, threads));
        }
    }
}
