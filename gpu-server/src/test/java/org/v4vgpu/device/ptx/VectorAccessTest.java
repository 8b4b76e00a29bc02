package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** ld and st of vectors. Source: PTX ISA 5.4.2 and 6.4.1: the address is read once, and aligned to the whole vector. */
class VectorAccessTest {
    private static int[] run(String body) throws DeviceException {
        String text = """
                .version 8.6
                .target sm_90
                .address_size 64
                .visible .entry k(.param .u64 p) {
                .reg .b32 %r<9>; .reg .u64 %p, %g, %rd<5>; .shared .align 16 .b8 s[32]; .local .align 16 .b8 l[32];
                ld.param.u64 %p, [p]; mov.u64 %g, l; cvta.local.u64 %g, %g;
                """ + body + "ret;\n}\n";
        try (KernelBench bench = new KernelBench(text)) {
            long p = bench.upload(1, 0, 2, 0, 3, 0, 4, 0);
            bench.launch("k", KernelBench.line(1, 1), p);
            return bench.ints(p, 8);
        }
    }

    @Test
    void genericVectorsReadTheirAddressOnce() throws DeviceException {
        int[] out = run("""
                mov.u64 %rd1, %p; ld.v2.u64 {%rd1, %rd2}, [%rd1];
                st.v2.u64 [%p+16], {%rd2, %rd1};
                """);
        assertArrayEquals(new int[] {1, 0, 2, 0, 2, 0, 1, 0}, out);
    }

    /** The second element lies behind what the first would point to. */
    @ParameterizedTest
    @CsvSource({"shared, s", "local, l"})
    void vectorsOfBytesReadTheirAddressOnce(String space, String name) throws DeviceException {
        int[] out = run("""
                st.%1$s.v4.u8 [%2$s+4], {5, 6, 7, 8}; st.%1$s.v4.u16 [%2$s+8], {50, 60, 70, 80};
                mov.u32 %%r1, %2$s; ld.%1$s.v4.u8 {%%r1, %%r2, %%r3, %%r4}, [%%r1+4];
                st.global.v4.u32 [%%p], {%%r1, %%r2, %%r3, %%r4};
                mov.u32 %%r1, %2$s; ld.%1$s.v4.u16 {%%r1, %%r2, %%r3, %%r4}, [%%r1+8];
                st.global.v4.u32 [%%p+16], {%%r1, %%r2, %%r3, %%r4};
                """.formatted(space, name));
        assertArrayEquals(new int[] {5, 6, 7, 8, 50, 60, 70, 80}, out);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "add.u64 %rd1, %p, 8; ld.v2.u64 {%rd1, %rd2}, [%rd1];",
                "add.u64 %rd1, %g, 4; st.v2.u32 [%rd1], {1, 2};",
                "mov.u32 %r1, s; ld.shared.v2.u8 {%r1, %r2}, [%r1+1];",
                "mov.u32 %r1, s; st.shared.v4.u8 [%r1+2], {1, 2, 3, 4};",
                "mov.u32 %r1, l; st.local.v2.u16 [%r1+2], {1, 2};",
            })
    void vectorsAreAlignedAsAWhole(String body) {
        DeviceException thrown = assertThrows(DeviceException.class, () -> run(body + "\n"));
        assertEquals(CudaStatus.MISALIGNED_ADDRESS, thrown.status(), thrown.getMessage());
    }
}
