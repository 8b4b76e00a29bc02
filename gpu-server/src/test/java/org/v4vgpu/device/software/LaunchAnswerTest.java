package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.Kernels;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/** Launches that can't begin: the call is answered with the reason, and the context lives. */
final class LaunchAnswerTest {
    private static final long BYTES = 4 << 20;
    private static final String HEAD = ".version 8.0\n.target sm_75\n.address_size 64\n";

    /** Waits for a word, with the workspace of grid barriers. */
    private static final String TOGETHER = HEAD + """
            .visible .entry together(.param .u64 p) {
            .reg .b32 %r<3>; .reg .u64 %p; .reg .pred %q;
            ld.param.u64 %p, [p]; mov.b32 %r1, %envreg2;
            W: ld.volatile.global.u32 %r2, [%p]; setp.eq.u32 %q, %r2, 0; @%q bra W;
            ret;
            }
            """;

    private static final String ALLOCATING = HEAD + """
            .extern .func (.param .b64 r) malloc(.param .b64 n);
            .visible .entry allocating(.param .u64 p) {
            .reg .u64 %p, %a;
            ld.param.u64 %p, [p];
            { .param .b64 n; .param .b64 v; st.param.b64 [n], 16; call (v), malloc, (n); ld.param.b64 %a, [v]; }
            st.global.u64 [%p], %a;
            ret;
            }
            """;

    private final SoftwareDevice device =
            new SoftwareDevice(SoftwareDeviceOptions.defaults().withTotalBytes(BYTES));
    private DeviceContext context;

    @BeforeEach
    void open() throws DeviceException {
        context = device.createContext(0);
    }

    @AfterEach
    void close() {
        context.close();
        assertEquals(0, device.usedBytes());
        device.close();
    }

    private CudaStatus refused(String ptx, String name, int blocks, long address) throws DeviceException {
        DeviceFunction function = context.loadModule(Kernels.image(ptx)).function(name);
        return assertThrows(DeviceException.class, () -> launch(function, blocks, address))
                .status();
    }

    private void launch(DeviceFunction function, int blocks, long address) throws DeviceException {
        context.defaultStream()
                .launch(function, new LaunchShape(blocks, 1, 1, 1, 1, 1, 0), Kernels.parameters(function, address));
    }

    private void assertLives(long address) throws DeviceException {
        launch(context.loadModule(Kernels.image(Kernels.STORE)).function("store"), 1, address);
        assertTrue(context.await(TimeUnit.SECONDS.toNanos(30)));
    }

    @Test
    void moreBlocksThanCanWaitForEachOther() throws DeviceException {
        long word = context.allocate(4);
        assertEquals(new CudaStatus(720), refused(TOGETHER, "together", 1 << 20, word));
        assertLives(word);
    }

    @Test
    void noMemoryForTheWorkspace() throws DeviceException {
        long word = context.allocate(4);
        assertLives(word);
        long used = device.usedBytes();
        long rest = context.allocate(BYTES - used);
        assertEquals(CudaStatus.OUT_OF_MEMORY, refused(TOGETHER, "together", 1, word));
        assertLives(word);
        context.free(rest);
        launch(context.loadModule(Kernels.image(TOGETHER)).function("together"), 1, word);
        assertTrue(context.await(TimeUnit.SECONDS.toNanos(30)));
        assertEquals(used, context.usedBytes(), "the workspace is given back");
    }

    @Test
    void noMemoryForTheHeapOfMalloc() throws DeviceException {
        long word = context.allocate(8);
        assertEquals(CudaStatus.OUT_OF_MEMORY, refused(ALLOCATING, "allocating", 1, word));
        assertLives(word);
    }
}
