package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** What the faults of matrix instructions say: their line stands on line 7. */
class MatrixFaultTest {
    private static String kernel(String instruction) {
        return """
            .version 8.0
            .target sm_90
            .address_size 64
            .visible .entry k(.param .u64 p) {
            .shared .align 16 .b8 s[512]; .reg .b32 %r<16>; .reg .u64 %p<3>; ld.param.u64 %p1, [p];
            mov.u32 %r9, %tid.x; cvta.shared.u64 %p2, s;
            """ + instruction + "\nret;\n}\n";
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "shl.b32 %r9, %r9, 5; ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r0, %r1, %r2, %r3}, [%r9];| illegal"
                        + " address 0x100000200 (read of 16 bytes) in kernel k, block (0,0,0), thread (0,0,0), PTX line 7",
                "shl.b32 %r9, %r9, 4; stmatrix.sync.aligned.m8n8.x4.shared.b16 [%r9+16], {%r0, %r1, %r2, %r3};|"
                        + " illegal address 0x100000200 (write of 16 bytes) in kernel k, block (0,0,0), thread (28,0,0),"
                        + " PTX line 7",
                "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r0}, [%r9];| address 0x1 is not aligned to 16 bytes (read"
                        + " of 16 bytes) in kernel k, block (0,0,0), thread (4,0,0), PTX line 7",
                "wmma.load.a.sync.aligned.row.m16n16k16.shared.s8 {%r0, %r1}, [s+272], 16;| illegal address"
                        + " 0x100000200 (read of 1 byte) in kernel k, block (0,0,0), thread (30,0,0), PTX line 7; the"
                        + " block has 512 bytes of shared memory",
                "wmma.load.a.sync.aligned.row.m16n16k16.s8 {%r0, %r1}, [%p2+272], 16;| illegal address 0x100000200"
                        + " (read of 1 byte) in kernel k, block (0,0,0), thread (30,0,0), PTX line 7; the block has 512"
                        + " bytes of shared memory",
                "wmma.store.d.sync.aligned.row.m16n16k16.global.s32 [%p1], {%r0, %r1, %r2, %r3, %r4, %r5, %r6, %r7},"
                        + " 16;| illegal address 0x40 (write of 4 bytes) in kernel k, block (0,0,0), thread (0,0,0), PTX"
                        + " line 7; a null pointer plus 64 bytes",
                "setp.ge.u32 %q, %r9, 16; @%q ret; movmatrix.sync.aligned.m8n8.trans.b16 %r0, %r1;| only 16 of the 32"
                        + " threads of a warp take part in the matrix instruction in kernel k, block (0,0,0), thread"
                        + " (0,0,0), PTX line 7",
            })
    void tellLineThreadAndAddress(String instruction, String words) throws DeviceException {
        try (KernelBench bench = new KernelBench(kernel(".reg .pred %q; " + instruction))) {
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(1, 32), 64L));
            assertTrue(String.valueOf(thrown.getMessage()).startsWith(words), thrown.getMessage());
        }
    }

    @Test
    void misalignedFragmentsAreFaults() throws DeviceException {
        String text = kernel("wmma.load.c.sync.aligned.row.m16n16k16.shared.s32"
                + " {%r0, %r1, %r2, %r3, %r4, %r5, %r6, %r7}, [%r9], 0;");
        try (KernelBench bench = new KernelBench(text)) {
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(1, 32), 64L));
            assertEquals(CudaStatus.MISALIGNED_ADDRESS, thrown.status(), thrown.getMessage());
            assertTrue(String.valueOf(thrown.getMessage()).contains("thread (1,0,0), PTX line 7"), thrown.getMessage());
        }
    }

    @Test
    void barriersThatAreNoneTellTheirLine() throws DeviceException {
        try (KernelBench bench = new KernelBench(kernel("bar.sync %r9, 32;"))) {
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(1, 32), 64L));
            assertEquals(CudaStatus.ILLEGAL_INSTRUCTION, thrown.status());
            assertTrue(
                    String.valueOf(thrown.getMessage())
                            .startsWith("barrier 16 is not one of 0 .. 15 in kernel k, block (0,0,0),"
                                    + " thread (16,0,0), PTX line 7"),
                    thrown.getMessage());
        }
    }
}
