package org.v4vgpu.device.software;

import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.ptx.Cancellation;
import org.v4vgpu.device.ptx.CompiledModule;
import org.v4vgpu.device.ptx.GlobalMemory;

/**
 * Compiles and runs a kernel before anybody asks for one, so that a server's first client does not wait until the JVM has loaded the
 * compiler: most of what the first launch in a process costs.
 */
final class WarmUp {
    private static final System.Logger LOG = System.getLogger(WarmUp.class.getName());

    /** Touches what most kernels do: a loop, a barrier, integers and floats, global and shared memory. */
    private static final String PTX = """
            .version 7.0
            .target sm_75
            .address_size 64
            .visible .entry warm(.param .u64 x, .param .u32 n)
            {
                .reg .pred %p<2>;
                .reg .b32 %r<6>;
                .reg .f32 %f<4>;
                .reg .b64 %rd<4>;
                .shared .align 4 .b8 s[128];
                ld.param.u64 %rd1, [x];
                ld.param.u32 %r1, [n];
                cvta.to.global.u64 %rd1, %rd1;
                mov.u32 %r2, %tid.x;
                mul.wide.u32 %rd2, %r2, 4;
                add.s64 %rd3, %rd1, %rd2;
                shl.b32 %r3, %r2, 2;
                mov.u32 %r4, s;
                add.s32 %r3, %r3, %r4;
                mov.u32 %r5, 0;
            AGAIN:
                ld.global.f32 %f1, [%rd3];
                st.shared.f32 [%r3], %f1;
                bar.sync 0;
                ld.shared.f32 %f2, [s];
                fma.rn.f32 %f3, %f1, %f2, %f1;
                st.global.f32 [%rd3], %f3;
                bar.sync 0;
                add.s32 %r5, %r5, 1;
                setp.lt.s32 %p1, %r5, %r1;
                @%p1 bra AGAIN;
                ret;
            }
            """;

    private WarmUp() {}

    /** Runs on a thread of its own and returns at once. */
    static void begin() {
        Thread.ofPlatform().daemon().name("v4vgpu warm-up").start(() -> {
            try {
                run();
            } catch (DeviceException | RuntimeException e) {
                LOG.log(Level.WARNING, "the first kernel will take longer: {0}", e.getMessage());
            }
        });
    }

    static void run() throws DeviceException {
        try (GlobalMemory memory = GlobalMemory.reserve(1 << 20)) {
            long[] parameters = {memory.allocate(128), 2};
            CompiledModule.compile(PTX)
                    .load(memory)
                    .kernel("warm")
                    .run(
                            new LaunchShape(1, 1, 1, 32, 1, 1, 0),
                            MemorySegment.ofArray(parameters).asSlice(0, 12),
                            0,
                            new Cancellation(),
                            new StringBuilder());
        }
    }
}
