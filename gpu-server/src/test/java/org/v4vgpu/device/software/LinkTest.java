package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceModule;
import org.v4vgpu.device.Kernels;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/** Several texts become one module: what one declares the other defines, and what each has for itself stays its own. */
final class LinkTest {
    private static final String HEAD = ".version 7.0\n.target sm_60\n.address_size 64\n";

    /** Calls a function and reads a variable of the other text; both texts have a helper and a constant of the same names. */
    private static final String CALLER = HEAD + """
            .extern .func (.param .b32 r) triple (.param .b32 x);
            .extern .global .align 4 .u32 bias;
            .global .align 4 .u32 own = 5;
            .func (.param .b32 r) helper (.param .b32 x) {
                .reg .b32 %r<3>;
                ld.param.b32 %r1, [x]; add.u32 %r2, %r1, 1000; st.param.b32 [r], %r2; ret;
            }
            .visible .entry calls(.param .u64 p) {
                .reg .b32 %r<8>; .reg .b64 %rd<2>;
                ld.param.u64 %rd1, [p];
                { .param .b32 a; .param .b32 v; st.param.b32 [a], 7; call (v), triple, (a); ld.param.b32 %r1, [v]; }
                { .param .b32 a; .param .b32 v; st.param.b32 [a], %r1; call (v), helper, (a); ld.param.b32 %r2, [v]; }
                ld.global.u32 %r3, [bias];
                ld.global.u32 %r4, [own];
                add.u32 %r5, %r2, %r3; add.u32 %r5, %r5, %r4;
                st.global.u32 [%rd1], %r5;
                ret;
            }
            """;

    private static final String CALLEE = """
            .version 7.5
            .target sm_70
            .address_size 64
            .global .align 4 .u32 own = 2;
            .visible .global .align 4 .u32 bias = 100000;
            .func (.param .b32 r) helper (.param .b32 x) {
                .reg .b32 %r<3>;
                ld.param.b32 %r1, [x]; mul.lo.u32 %r2, %r1, 3; st.param.b32 [r], %r2; ret;
            }
            .visible .func (.param .b32 r) triple (.param .b32 x) {
                .reg .b32 %r<5>;
                ld.param.b32 %r1, [x];
                { .param .b32 a; .param .b32 v; st.param.b32 [a], %r1; call (v), helper, (a); ld.param.b32 %r2, [v]; }
                ld.global.u32 %r3, [own];
                add.u32 %r4, %r2, %r3;
                st.param.b32 [r], %r4; ret;
            }
            """;

    /** (7 * 3 + 2) + 1000 + 100000 + 5. */
    private static final int EXPECTED = 101_028;

    private final SoftwareDevice device = new SoftwareDevice(SoftwareDeviceOptions.defaults());
    private DeviceContext context;

    @BeforeEach
    void open() throws DeviceException {
        context = device.createContext(0);
    }

    @AfterEach
    void close() {
        context.close();
        device.close();
    }

    private DeviceModule link(String... texts) throws DeviceException {
        List<MemorySegment> images = Stream.of(texts).map(Kernels::image).toList();
        return context.linkModule(images);
    }

    private int run(DeviceModule module, String kernel) throws DeviceException {
        long word = context.allocate(4);
        context.defaultStream()
                .launch(
                        module.function(kernel),
                        new LaunchShape(1, 1, 1, 1, 1, 1, 0),
                        Kernels.parameters(module.function(kernel), word));
        MemorySegment result = MemorySegment.ofArray(new byte[4]);
        try (DeviceCopy copy = context.defaultStream().copyOut(word, 4)) {
            assertTrue(copy.await(TimeUnit.SECONDS.toNanos(30)));
            copy.transfer(0, result);
        }
        return result.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    }

    @Test
    void resolvesWhatIsDeclaredElsewhereInEitherOrder() throws DeviceException {
        assertEquals(EXPECTED, run(link(CALLER, CALLEE), "calls"));
        assertEquals(EXPECTED, run(link(CALLEE, CALLER), "calls"));
        assertEquals(100_000, global(link(CALLER, CALLEE), "bias"));
    }

    private int global(DeviceModule module, String name) throws DeviceException {
        MemorySegment result = MemorySegment.ofArray(new byte[4]);
        try (DeviceCopy copy =
                context.defaultStream().copyOut(module.global(name).address(), 4)) {
            assertTrue(copy.await(TimeUnit.SECONDS.toNanos(30)));
            copy.transfer(0, result);
        }
        return result.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    }

    @Test
    void takesTheFirstOfWeakDefinitionsAndAStrongOneBeforeThem() throws DeviceException {
        String main = HEAD + """
                .extern .func (.param .b32 r) value ();
                .visible .entry asks(.param .u64 p) {
                    .reg .b32 %r<2>; .reg .b64 %rd<2>;
                    ld.param.u64 %rd1, [p];
                    { .param .b32 v; call (v), value, (); ld.param.b32 %r1, [v]; }
                    st.global.u32 [%rd1], %r1; ret;
                }
                """;
        String first = HEAD + ".weak .func (.param .b32 r) value () { st.param.b32 [r], 11; ret; }\n";
        String second = HEAD + ".weak .func (.param .b32 r) value () { st.param.b32 [r], 22; ret; }\n";
        String strong = HEAD + ".visible .func (.param .b32 r) value () { st.param.b32 [r], 33; ret; }\n";
        assertEquals(11, run(link(main, first, second), "asks"));
        assertEquals(22, run(link(second, main, first), "asks"));
        assertEquals(33, run(link(first, main, second, strong), "asks"));
    }

    @Test
    void saysWhatIsDefinedTwiceOrNowhereAndOnWhichLine() {
        String other = HEAD + ".visible .global .align 4 .u32 bias = 1;\n";
        DeviceException twice = assertThrows(DeviceException.class, () -> link(CALLER, CALLEE, other));
        assertEquals(CudaStatus.INVALID_PTX, twice.status());
        assertTrue(
                String.valueOf(twice.getMessage()).contains("bias is defined by input 2 and by input 3"),
                twice::toString);
        DeviceException none = assertThrows(DeviceException.class, () -> link(CALLER, other.replace("bias", "none")));
        assertEquals(CudaStatus.INVALID_PTX, none.status());
        assertTrue(String.valueOf(none.getMessage()).contains("bias: variable without definition"), none::toString);
        DeviceException function = assertThrows(DeviceException.class, () -> link(CALLER, other));
        assertTrue(String.valueOf(function.getMessage()).contains("triple"), function::toString);
        String wrong =
                HEAD + "\n\n.visible .func wrong() { addd.f32 %f1; ret; }\n.visible .entry e() { call wrong; ret; }\n";
        DeviceException late = assertThrows(DeviceException.class, () -> link(CALLEE, wrong));
        long line = CALLEE.lines().count() + 1 + 6;
        assertTrue(String.valueOf(late.getMessage()).contains("line " + line + ": addd.f32"), late::toString);
        String narrow = "\n" + CALLEE.replace("address_size 64", "address_size 32");
        DeviceException size = assertThrows(DeviceException.class, () -> link(CALLER, narrow));
        assertEquals(CudaStatus.INVALID_PTX, size.status());
        assertEquals(
                "line " + (CALLER.lines().count() + 1 + 4) + ": .address_size 32: unsupported, only 64-bit addresses",
                size.getMessage());
        for (String broken :
                List.of("", "x", HEAD + ".visible .func a(", HEAD + ".visible .func a() {", HEAD + ".global")) {
            assertThrows(DeviceException.class, () -> link(CALLEE, broken));
        }
    }
}
