package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.IntBinaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** What moves matrices between shared memory and the registers of a warp, and what the matrix instructions refuse. */
class MatrixMoveTest {
    private static final String HEAD = ".version 8.6\n.target sm_100\n.address_size 64\n";

    // Moves

    /** Each lane has two neighbours of a row; the rows lie where the lanes say, here 32 bytes apart. */
    @ParameterizedTest
    @CsvSource({"1, false", "2, false", "4, false", "4, true", "1, true"})
    void loadsAndStoresMatricesOfEight(int count, boolean transposed) throws DeviceException {
        String form = ".sync.aligned.m8n8.x" + count + (transposed ? ".trans" : "") + ".shared.b16 ";
        StringBuilder list = new StringBuilder("{");
        for (int i = 0; i < count; i++) {
            list.append(i == 0 ? "" : ", ").append("%w").append(i);
        }
        list.append('}');
        String text = HEAD + """
                .visible .entry k(.param .u64 out) {
                .shared .align 16 .b8 s[2048]; .reg .b32 %t, %a, %w<8>, %v; .reg .u64 %o, %x; .reg .b16 %h; .reg .pred %q;
                ld.param.u64 %o, [out]; mov.u32 %t, %tid.x; mov.u32 %a, s;
                shl.b32 %v, %t, 5; add.u32 %a, %a, %v;
                mul.lo.u32 %v, %t, 8;
                """;
        StringBuilder body = new StringBuilder(text);
        for (int column = 0; column < 8; column++) {
            body.append("add.u32 %w7, %v, ")
                    .append(column)
                    .append("; cvt.u16.u32 %h, %w7; st.shared.u16 [%a+")
                    .append(2 * column)
                    .append("], %h;\n");
        }
        body.append("bar.warp.sync -1;\nldmatrix").append(form).append(list).append(", [%a];\n");
        body.append("mul.wide.u32 %x, %t, ").append(4 * count).append("; add.u64 %x, %o, %x;\n");
        for (int i = 0; i < count; i++) {
            body.append("st.global.u32 [%x+")
                    .append(4 * i)
                    .append("], %w")
                    .append(i)
                    .append(";\n");
        }
        // And back, to the upper half of the lanes' rows.
        body.append("bar.warp.sync -1; add.u32 %a, %a, 16; stmatrix")
                .append(form)
                .append("[%a], ")
                .append(list)
                .append(";\n");
        body.append("bar.warp.sync -1; mul.wide.u32 %x, %t, 16; add.u64 %x, %o, %x;\n");
        for (int i = 0; i < 4; i++) {
            body.append("ld.shared.u32 %v, [%a+")
                    .append(4 * i)
                    .append("]; st.global.u32 [%x+")
                    .append(1024 + 4 * i)
                    .append("], %v;\n");
        }
        body.append("ret;\n}\n");
        try (KernelBench bench = new KernelBench(body.toString())) {
            long out = bench.upload(new int[512]);
            bench.launch("k", KernelBench.line(1, 32), out);
            int[] actual = bench.ints(out, 512);
            for (int lane = 0; lane < 32; lane++) {
                for (int matrix = 0; matrix < count; matrix++) {
                    int row = lane / 4;
                    int column = lane % 4 * 2;
                    int first = 8 * (8 * matrix + (transposed ? column : row)) + (transposed ? row : column);
                    int second = first + (transposed ? 8 : 1);
                    assertEquals(first | second << 16, actual[lane * count + matrix], "lane " + lane);
                }
                for (int i = 0; lane < 8 * count && i < 4; i++) {
                    assertEquals(
                            (8 * lane + 2 * i) | (8 * lane + 2 * i + 1) << 16,
                            actual[256 + 4 * lane + i],
                            "row " + lane);
                }
            }
        }
    }

    @Test
    void transposesBetweenRegisters() throws DeviceException {
        String text = HEAD + """
                .visible .entry k(.param .u64 out) {
                .reg .b32 %t, %v, %w; .reg .u64 %o, %x;
                ld.param.u64 %o, [out]; mov.u32 %t, %tid.x;
                shl.b32 %v, %t, 1; mad.lo.u32 %v, %v, 65537, 65536;
                movmatrix.sync.aligned.m8n8.trans.b16 %w, %v;
                mul.wide.u32 %x, %t, 4; add.u64 %x, %o, %x; st.global.u32 [%x], %w; ret;
                }
                """;
        try (KernelBench bench = new KernelBench(text)) {
            long out = bench.upload(new int[32]);
            bench.launch("k", KernelBench.line(1, 32), out);
            IntBinaryOperator element = (row, column) -> row * 8 + column;
            int[] actual = bench.ints(out, 32);
            for (int lane = 0; lane < 32; lane++) {
                int row = lane / 4;
                int column = lane % 4 * 2;
                int expected = element.applyAsInt(column, row) | element.applyAsInt(column + 1, row) << 16;
                assertEquals(expected, actual[lane]);
            }
        }
    }

    // Refusals and faults

    @ParameterizedTest
    @CsvSource({
        "'mma.sync.aligned.m8n8k4.row.col.f32.f16.f16.f32 {%r1,%r2}, {%r1}, {%r2}, {%r1,%r2};', unsupported shape or type",
        "'mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%r1,%r2}, {%r1}, {%r2}, {%r1,%r2};', unsupported number of registers",
        "'wmma.load.a.sync.aligned.row.m8n8k32.s4 {%r1}, [%rd1];', unsupported modifier .m8n8k32",
        "'wgmma.fence.sync.aligned;', unsupported instruction",
        "'tcgen05.wait::ld.sync.aligned;', unsupported instruction",
        "'cp.async.bulk.commit_group;', unsupported instruction",
        "'mma.sp.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%r1}, {%r1}, {%r2}, {%r1}, %r2, 0;', unsupported modifier .sp",
        "'barrier.cluster.arrive;', unsupported modifier .cluster",
        "'suld.b.1d.b32.trap {%r1}, [s, {%r2}];', unsupported instruction",
        "'mapa.u64 %rd1, %rd1, 0;', unsupported instruction",
    })
    void refusesByName(String instruction, String reason) {
        String text = HEAD + ".entry k() {\n.reg .b32 %r<4>; .reg .u64 %rd<3>;\n" + instruction + "\nret;\n}\n";
        DeviceException thrown = assertThrows(DeviceException.class, () -> CompiledModule.compile(text));
        String name = instruction
                .substring(0, instruction.indexOf(instruction.indexOf(' ') < 0 ? ';' : ' '))
                .replace(";", "");
        assertEquals("line 6: " + name + ": " + reason, thrown.getMessage());
        assertEquals(CudaStatus.INVALID_PTX, thrown.status());
    }

    @Test
    void halfAWarpMultipliesNothing() throws DeviceException {
        String text = HEAD + """
                .visible .entry k() {
                .reg .f64 %f<4>;
                mov.f64 %f1, 0d0000000000000000;
                mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%f2, %f3}, {%f1}, {%f1}, {%f1, %f1};
                ret;
                }
                """;
        try (KernelBench bench = new KernelBench(text)) {
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(1, 16)));
            assertEquals(CudaStatus.ILLEGAL_INSTRUCTION, thrown.status());
            assertTrue(
                    String.valueOf(thrown.getMessage()).startsWith("only 16 of the 32 threads"), thrown.getMessage());
            bench.launch("k", KernelBench.line(1, 32));
        }
    }

    @Test
    void rowsOutsideOfSharedMemoryAreIllegal() throws DeviceException {
        String text = HEAD + """
                .visible .entry k() {
                .shared .align 16 .b8 s[512]; .reg .b32 %r<4>;
                mov.u32 %r1, %tid.x; shl.b32 %r1, %r1, 5;
                ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r0, %r1, %r2, %r3}, [%r1];
                ret;
                }
                """;
        try (KernelBench bench = new KernelBench(text)) {
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(1, 32)));
            assertEquals(CudaStatus.ILLEGAL_ADDRESS, thrown.status());
            assertTrue(String.valueOf(thrown.getMessage()).contains("line 7"), thrown.getMessage());
        }
    }
}
