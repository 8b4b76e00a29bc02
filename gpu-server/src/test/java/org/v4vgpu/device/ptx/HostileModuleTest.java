package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** Modules that ask for too much: compiled, or refused as INVALID_PTX, soon. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileModuleTest {
    private static final String HEAD = ".version 7.0\n.target sm_75\n.address_size 64\n";

    @Test
    void functionsNeedNoParameters() throws DeviceException {
        String ptx = HEAD + """
                .global .u32 count;
                .func f() { red.global.add.u32 [count], 1; ret; }
                .func g { red.global.add.u32 [count], 10; ret; }
                .visible .entry k() {
                    call f;
                    call.uni f, ();
                    call.uni g;
                    ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            bench.launch("k", KernelBench.line(1, 3));
            assertEquals(36, bench.ints(bench.module().global("count").address(), 1)[0]);
        }
    }

    @Test
    void framesHaveALimit() throws DeviceException {
        for (String length : new String[] {"2147483647", "268435456", "65537"}) {
            String text = refusal(HEAD + ".entry k() { .local .b64 x[" + length + "]; ret; }");
            assertEquals("line 4: x: more than 524288 bytes of local memory", text);
        }
        CompiledModule.compile(HEAD + ".entry k() { .local .b64 x[65536]; ret; }");
        String text = refusal(HEAD + ".entry k(.param .b8 p[2147483647]) { ret; }");
        assertEquals("line 4: p: more than 32764 bytes of parameters", text);
    }

    @Test
    void nestedFramesHaveALimitTogether() throws DeviceException {
        StringBuilder ptx = new StringBuilder(HEAD);
        for (int i = 0; i < 20; i++) {
            ptx.append(".func f" + i + "() { .local .b8 x[40000]; ");
            ptx.append(i == 0 ? "" : "call f" + (i - 1) + "; ").append("ret; }\n");
        }
        ptx.append(".entry k() { call f19; ret; }\n");
        assertTrue(refusal(ptx.toString()).endsWith("calls need more than 512 KiB of local memory"));
    }

    /** As deep as can be: an error of the call, if anything. */
    @Test
    void callsMayBeNestedDeeply() throws DeviceException {
        StringBuilder ptx = new StringBuilder(HEAD);
        for (int i = 0; i < 4000; i++) {
            ptx.append(".func f" + i + "() { ");
            ptx.append(i == 0 ? "" : "call f" + (i - 1) + "; ").append("ret; }\n");
        }
        ptx.append(".entry k() { call f3999; ret; }\n");
        CompiledModule.compile(ptx.toString());
    }

    /** 2 to the 60th paths from the first to the last. */
    @Test
    void manyPathsThroughFunctionsCompileSoon() throws DeviceException {
        StringBuilder ptx = new StringBuilder(HEAD);
        for (int i = 0; i < 60; i++) {
            for (String name : new String[] {"a", "b"}) {
                ptx.append(".func " + name + i + "() { .local .b8 x[4]; ");
                ptx.append(i == 0 ? "" : "call a" + (i - 1) + "; call b" + (i - 1) + "; ")
                        .append("ret; }\n");
            }
        }
        ptx.append(".entry k() { call a59; call b59; ret; }\n");
        CompiledModule.compile(ptx.toString());
    }

    @Test
    void functionsAndStatementsHaveALimit() {
        StringBuilder functions = new StringBuilder(HEAD);
        for (int i = 0; i < 4097; i++) {
            functions.append(".func f" + i + "();\n");
        }
        assertTrue(refusal(functions.toString()).endsWith("more than 4096 functions: unsupported"));
        String large = refusal(HEAD + ".entry k() { .reg .b32 %r; " + "not.b32 %r, %r;".repeat(100_001) + " }");
        assertTrue(large.contains("k: 100001 statements, at most 100000 are supported"), large);
        assertTrue(refusal(" ".repeat((16 << 20) + 1)).contains("at most 16777216 are supported"));
    }

    /** Each kernel compiles its functions for itself: few characters, much work. */
    @Test
    void kernelsTogetherHaveALimit() {
        StringBuilder ptx =
                new StringBuilder(HEAD + ".func f() { .reg .b32 %r; " + "not.b32 %r, %r;".repeat(4000) + "}\n");
        for (int i = 0; i < 1000; i++) {
            ptx.append(".entry k" + i + "() { call f; }\n");
        }
        assertTrue(refusal(ptx.toString()).contains("the module is too large: more than 500000 statements"));
    }

    /** Blocks times registers is what liveness costs. */
    @Test
    void blocksTimesRegistersHaveALimit() {
        StringBuilder ptx = new StringBuilder(HEAD + ".entry k() { .reg .b32 %r<29000>;\n");
        for (int i = 0; i < 29_000; i++) {
            ptx.append("L" + i + ": not.b32 %r" + i + ", %r" + i + "; bra L" + i + ";\n");
        }
        assertTrue(refusal(ptx + "}").contains("k: unsupported: too large, "));
    }

    /** What blocks have in common takes their square, if it is asked. */
    @Test
    void manyTargetsOfOneBranchAreRefusedSoon() {
        StringBuilder blocks = new StringBuilder();
        StringBuilder names = new StringBuilder("L0");
        for (int i = 0; i < 99_000; i++) {
            blocks.append("L").append(i).append(":\n");
            names.append(i == 0 ? "" : ", L" + i);
        }
        String text = refusal(HEAD + ".entry k() { .reg .b32 %r; T: .branchtargets " + names + ";\nbrx.idx %r, T;\n"
                + blocks + "ret; }");
        assertTrue(text.contains("k: unsupported: too large for the JVM"), text);
    }

    /** A table that many branches name. */
    @Test
    void waysBetweenBlocksHaveALimit() {
        StringBuilder blocks = new StringBuilder();
        StringBuilder names = new StringBuilder("L0");
        for (int i = 0; i < 2000; i++) {
            blocks.append("L").append(i).append(": brx.idx %r, T;\n");
            names.append(i == 0 ? "" : ", L" + i);
        }
        String text =
                refusal(HEAD + ".entry k() { .reg .b32 %r; T: .branchtargets " + names + ";\n" + blocks + "ret; }");
        assertTrue(text.contains("k: unsupported: its control flow is too tangled"), text);
    }

    /** More of them than may compile at the same time. */
    @Test
    void compilersThatRunOutOfMemoryLetOthersGoOn() throws DeviceException {
        for (int i = 0; i <= Runtime.getRuntime().availableProcessors(); i++) {
            DeviceException thrown = assertThrows(
                    DeviceException.class,
                    () -> CompiledModule.inTurn(1, _ -> {
                        throw new OutOfMemoryError("in a test");
                    }));
            assertEquals(CudaStatus.OUT_OF_MEMORY, thrown.status());
        }
        CompiledModule.compile(HEAD + ".entry k() { ret; }");
    }

    /** However many long texts are compiled, and wait for that. */
    @Test
    void shortTextsDoNotWaitForLongOnes() throws Exception {
        CountDownLatch enough = new CountDownLatch(1);
        List<Thread> others = new ArrayList<>();
        for (int i = 0; i <= Runtime.getRuntime().availableProcessors(); i++) {
            others.add(Thread.ofPlatform().start(() -> awaitInTurn(enough)));
        }
        CompiledModule.compile(HEAD + ".entry shortOne() { ret; }");
        enough.countDown();
        for (Thread other : others) {
            other.join();
        }
    }

    private static void awaitInTurn(CountDownLatch enough) {
        assertThrows(
                DeviceException.class,
                () -> CompiledModule.inTurn(CompiledModule.SHORT_CHARACTERS + 1L, _ -> {
                    try {
                        enough.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    throw new DeviceException(CudaStatus.INVALID_PTX, "in a test");
                }));
    }

    @Test
    void localMemoryOfABlockHasALimit() throws DeviceException {
        String ptx = HEAD
                + ".visible .entry k() { .local .b64 x[65536]; .reg .b64 %r; mov.u64 %r, x; st.local.u32 [%r], 1; ret; }";
        try (KernelBench bench = new KernelBench(ptx)) {
            bench.launch("k", KernelBench.line(1, 128));
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> bench.launch("k", KernelBench.line(1, 129)));
            assertEquals(CudaStatus.LAUNCH_OUT_OF_RESOURCES, thrown.status());
            assertTrue(String.valueOf(thrown.getMessage()).endsWith("129 threads exceed 67108864 bytes per block"));
        }
    }

    @Test
    void printfHasALimit() throws DeviceException {
        String ptx = HEAD + """
                .extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 a);
                .global .align 1 .b8 format[32] = {37, 50, 48, 48, 48, 48, 48, 48, 48, 48, 48, 100, 124, 37, 46, 57, 57, 57, 57, 102, 10, 0};
                .visible .entry k() {
                    .local .align 8 .b8 a[16]; .reg .b64 %rd<4>; .reg .b32 %r<3>;
                    mov.u64 %rd1, a; cvta.local.u64 %rd1, %rd1;
                    mov.u64 %rd2, format; cvta.global.u64 %rd2, %rd2;
                    mov.u64 %rd3, 0; mov.u32 %r1, 7;
                    st.u64 [%rd1+8], %rd3; st.u32 [%rd1], %r1;
                    { .param .b64 p0; st.param.b64 [p0], %rd2; .param .b64 p1; st.param.b64 [p1], %rd1;
                      .param .b32 v; call.uni (v), vprintf, (p0, p1); }
                    ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            bench.launch("k", KernelBench.line(1, 1));
            assertEquals(" ".repeat(1022) + "7|0." + "0".repeat(1023) + "\n", bench.output());
            bench.launch("k", KernelBench.line(100, 32));
            assertTrue(
                    bench.output().length() < 2049 + (1 << 20) + 100,
                    "length " + bench.output().length());
        }
    }

    /** 37, 115: %s, whose argument is a null pointer. */
    @Test
    void printfOfANullPointerEndsNoKernel() throws DeviceException {
        String ptx = HEAD + """
                .extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 a);
                .global .align 1 .b8 format[6] = {91, 37, 115, 93, 10, 0};
                .visible .entry k() {
                    .local .align 8 .b8 a[8]; .reg .b64 %rd<4>; .reg .b32 %r<3>;
                    mov.u64 %rd1, a; cvta.local.u64 %rd1, %rd1;
                    mov.u64 %rd2, format; cvta.global.u64 %rd2, %rd2;
                    mov.u64 %rd3, 0; st.u64 [%rd1], %rd3;
                    { .param .b64 p0; st.param.b64 [p0], %rd2; .param .b64 p1; st.param.b64 [p1], %rd1;
                      .param .b32 v; call.uni (v), vprintf, (p0, p1); }
                    ret;
                }
                """;
        try (KernelBench bench = new KernelBench(ptx)) {
            bench.launch("k", KernelBench.line(1, 1));
            assertEquals("[(null)]\n", bench.output());
        }
    }

    private static String refusal(String ptx) {
        DeviceException thrown = assertThrows(DeviceException.class, () -> CompiledModule.compile(ptx));
        assertEquals(CudaStatus.INVALID_PTX, thrown.status());
        return String.valueOf(thrown.getMessage());
    }
}
