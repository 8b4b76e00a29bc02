package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** What the message of a fault tells the person who has to find it. */
class FaultWordsTest {
    private static final String HEAD = ".version 7.0\n.target sm_75\n.address_size 64\n";

    /** The .file of nvcc -lineinfo stands behind the code that refers to it. */
    private static final String ACCESS = HEAD + """
            .visible .entry unknown(.param .u64 p) {
                .reg .u64 %rd<2>;
                ld.param.u64 %rd1, [p];
                st.global.u32 [%rd1], 7;
                ret;
            }
            .visible .entry store(.param .u64 p) {
                .loc 1 40 3
                .reg .u64 %rd<2>;
                ld.param.u64 %rd1, [p];
                .loc 1 42 9, function_name $L__info, inlined_at 1 12 5
                st.global.u32 [%rd1], 7;
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
                red.global.add.u64 [%rd1], 1;
                ret;
            }
            .visible .entry shared(.param .u32 p) {
                .reg .b32 %r<4>; .reg .u64 %rd<2>; .shared .align 16 .b8 s[64];
                ld.param.u32 %r1, [p];
                st.shared.u64 [%r1], %rd1;
                ret;
            }
            .visible .entry bytes(.param .u32 p) {
                .reg .b32 %r<4>; .shared .align 16 .b8 s[64];
                ld.param.u32 %r1, [p];
                ld.shared.u8 %r2, [%r1];
                ret;
            }
            .visible .entry local(.param .u32 p) {
                .reg .b32 %r<4>; .reg .u64 %rd<2>; .local .align 8 .b8 depot[32];
                ld.param.u32 %r1, [p];
                st.local.u32 [%r1], %r1;
                ret;
            }
            .file 1 "/home/somebody/saxpy.cu"
            """;

    @Test
    void tellsTheNearestAllocationAndTheDistance() throws DeviceException {
        try (KernelBench bench = new KernelBench(ACCESS)) {
            long first = bench.memory().allocate(4096);
            long second = bench.memory().allocate(1000);
            assertTrue(second > first);
            assertEnds("; 0 bytes past the end of the 4096-byte allocation at " + hex(first), bench, first + 4096);
            assertEnds("; 4 bytes before the 1000-byte allocation at " + hex(second), bench, second - 4);
            assertEnds("; 1024 bytes past the end of the 1000-byte allocation at " + hex(second), bench, second + 2024);
            assertEnds("; a null pointer", bench, 0);
            assertEnds("; a null pointer plus 64 bytes", bench, 64);
            assertTrue(message(bench, "unknown", -8L).contains("no address of this context"));
            bench.memory().free(first);
            assertEnds("; 40 bytes into a freed allocation of 4096 bytes at " + hex(first), bench, first + 40);
            assertEquals(first, bench.memory().allocate(300), "the place is taken again");
            assertEnds("; 212 bytes past the end of the 300-byte allocation at " + hex(first), bench, first + 512);
        }
    }

    @Test
    void forgetsWhatWasFreedLongAgo() throws DeviceException {
        try (KernelBench bench = new KernelBench(ACCESS)) {
            long oldest = bench.memory().allocate(256);
            long[] later = new long[300];
            for (int i = 0; i < later.length; i++) {
                later[i] = bench.memory().allocate(256);
            }
            bench.memory().free(oldest);
            assertTrue(bench.memory().near(oldest).contains("freed"));
            for (long address : later) {
                bench.memory().free(address);
            }
            assertFalse(bench.memory().near(oldest).contains("freed"));
            assertTrue(bench.memory().near(later[299] + 8).startsWith("8 bytes into a freed allocation of 256 bytes"));
            for (int i = 0; i < 5000; i++) {
                bench.memory().free(bench.memory().allocate(256)); // What remembers them does not grow.
            }
        }
    }

    @Test
    void tellsWhatWasAccessedAndWhere() throws DeviceException {
        try (KernelBench bench = new KernelBench(ACCESS)) {
            assertEquals(
                    "illegal address 0x10 (write of 4 bytes) in kernel unknown, block (0,0,0), thread (0,0,0), PTX line 7;"
                            + " a null pointer plus 16 bytes",
                    message(bench, "unknown", 16L));
            assertEquals(
                    "illegal address 0x10 (write of 4 bytes) in kernel store, block (0,0,0), thread (0,0,0), PTX line 15"
                            + " (saxpy.cu:42, inlined at saxpy.cu:12); a null pointer plus 16 bytes",
                    message(bench, "store", 16L));
            assertTrue(
                    message(bench, "wide", 16L).startsWith("illegal address 0x10 (read of 16 bytes) in kernel wide"));
            assertTrue(message(bench, "atomic", 16L).startsWith("illegal address 0x10 (atomic access of 8 bytes) in"));
            assertTrue(
                    message(bench, "store", bench.upload(1) + 2).contains("not aligned to 4 bytes (write of 4 bytes)"));
        }
    }

    @Test
    void tellsTheSizeOfSharedAndLocalMemory() throws DeviceException {
        try (KernelBench bench = new KernelBench(ACCESS)) {
            assertEquals(
                    "illegal address 0x40 in shared memory (write of 8 bytes) in kernel shared, block (0,0,0), thread (0,0,0),"
                            + " PTX line 33; the block has 64 bytes of it",
                    message(bench, "shared", 64));
            assertTrue(message(bench, "shared", -8).startsWith("illegal address 0xfffffff8 in shared memory"));
            for (int address : new int[] {1, 4, 62, 68}) {
                String text = message(bench, "shared", address);
                assertTrue(
                        text.startsWith("address 0x" + Integer.toHexString(address)
                                + " in shared memory is not aligned to 8 bytes (write of 8 bytes)"),
                        text);
            }
            String text = message(bench, "bytes", 66);
            assertTrue(text.startsWith("illegal address 0x40 in shared memory (read of 1 byte)"), text);
            text = message(bench, "local", 32);
            assertTrue(text.startsWith("illegal address 0x20 in local memory (write of 4 bytes)"), text);
            assertTrue(text.endsWith("; the thread has 32 bytes of it"), text);
        }
    }

    @Test
    void deadlocksNameNoSingleThread() throws DeviceException {
        try (KernelBench bench = new KernelBench(FaultTest.DEADLOCK)) {
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(1, 64)));
            assertTrue(String.valueOf(thrown.getMessage()).endsWith("in kernel k, block (0,0,0)"), thrown.getMessage());
        }
    }

    /** As nvcc writes it for what it takes from another function. */
    @Test
    void linesOfInlinedFunctionsNameTheCallToo() throws DeviceException {
        String ptx = HEAD + """
                .file 1 "/x/a.cu"
                .file 2 "/y/sum.h"
                .visible .entry k(.param .u64 p) {
                .loc 2 127 3, function_name $L__info_string1, inlined_at 1 29 41
                st.global.u32 [16], 7;
                ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            String text = message(bench, "k", 0L);
            assertTrue(text.contains("PTX line 8 (sum.h:127, inlined at a.cu:29);"), text);
        }
    }

    @Test
    void namesOfFilesAreBoundedAndPrintable() throws DeviceException {
        String ptx =
                HEAD + ".file 1 \"/x/" + "a".repeat(5000) + "\u0007\u00e4.cu\"\n.visible .entry k(.param .u64 p) {\n"
                        + ".loc 1 3 1\nst.global.u32 [16], 7; ret; }\n";
        try (KernelBench bench = new KernelBench(ptx)) {
            String text = message(bench, "k", 0L);
            assertTrue(text.contains("aa??.cu:3)"), text);
            assertTrue(text.length() < 500, text);
        }
    }

    private static void assertEnds(String words, KernelBench bench, long address) {
        String text = message(bench, "unknown", address);
        assertTrue(text.endsWith(words), text);
    }

    private static String message(KernelBench bench, String kernel, Object argument) {
        DeviceException thrown = assertThrows(
                DeviceException.class, () -> bench.launch(kernel, KernelBench.line(1, 1), argument), kernel);
        assertTrue(
                thrown.status().equals(CudaStatus.ILLEGAL_ADDRESS)
                        || thrown.status().equals(CudaStatus.MISALIGNED_ADDRESS),
                thrown.getMessage());
        return String.valueOf(thrown.getMessage());
    }

    private static String hex(long address) {
        return "0x" + Long.toHexString(address);
    }
}
