package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.syntax.Parser;
import org.v4vgpu.device.ptx.syntax.PtxModule;

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

    /** As the parser names them: some have several words. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "bar.red.popc.u32 %r1, 0, %q;",
                "bar.warp.sync -1;",
                "barrier.cta.sync 0;",
                "barrier.cta.red.and.pred %q, 0, %q;",
                "shfl.sync.idx.b32 %r1, %r1, 0, 31, -1;",
                "vote.sync.any.pred %q, %q, -1;",
                "match.any.sync.b32 %r1, %r1, -1;",
                "redux.sync.add.u32 %r1, %r1, -1;",
                "activemask.b32 %r1;",
                "elect.sync %r1|%q, -1;",
                "mbarrier.init.shared.b64 [%r1], 1;",
                "mbarrier.arrive.shared.b64 %rd1, [%r1];",
                "mbarrier.test_wait.shared.b64 %q, [%r1], %rd1;",
                "mbarrier.try_wait.parity.shared.b64 %q, [%r1], 0, 100;",
                "cp.async.ca.shared.global [%r1], [%rd1], 16;",
                "cp.async.cg.shared.global [%r1], [%rd1], 16;",
                "cp.async.commit_group;",
                "cp.async.wait_group 0;",
                "cp.async.wait_all;",
                "cp.async.mbarrier.arrive.shared.b64 [%r1];",
                "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r1}, [%r1];",
                "stmatrix.sync.aligned.m8n8.x1.shared.b16 [%r1], {%r1};",
                "movmatrix.sync.aligned.m8n8.trans.b16 %r1, %r1;",
                "mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%d1, %d2}, {%d1}, {%d1}, {%d1, %d2};",
                "wmma.load.a.sync.aligned.row.m8n8k4.global.f64 {%d1}, [%rd1];",
                "wmma.store.d.sync.aligned.row.m8n8k4.global.f64 [%rd1], {%d1, %d2};",
                "wmma.mma.sync.aligned.row.col.m8n8k4.f64.f64.f64.f64 {%d1, %d2}, {%d1}, {%d1}, {%d1, %d2};",
                "brx.idx %r1, table;"
            })
    void knowsEveryInstructionThatWaits(String instruction) throws DeviceException {
        String ptx =
                HEAD + ".visible .entry k() { .reg .b32 %r<2>; .reg .b64 %rd<2>; .reg .f64 %d<3>; .reg .pred %q;\n";
        String table = instruction.startsWith("brx") ? "table: .branchtargets L;\n" : "";
        PtxModule module = Parser.parse(ptx + table + instruction + "\nL: ret; }");
        assertEquals(-1, BriefKernels.instructions(module.functions().getLast().body()));
        PtxModule other = Parser.parse(ptx + "L: ret; }");
        assertEquals(1, BriefKernels.instructions(other.functions().getLast().body()));
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
