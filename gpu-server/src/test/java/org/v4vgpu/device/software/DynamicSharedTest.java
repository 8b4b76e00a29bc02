package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceModule;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.proto.CudaStatus;

/** Shared memory beyond 48 KiB, for functions that were given it. */
@Timeout(60)
final class DynamicSharedTest {
    private static final long LONG = 10_000_000_000L;
    private static final int MAX_SHARED_PER_BLOCK = 8;
    private static final int MAX_SHARED_PER_BLOCK_OPTIN = 97;
    private static final int MAX_DYNAMIC_SHARED = 8;
    private static final int STATIC_BYTES = 1024;

    /** Writes i to word i of its dynamic memory, by shared and by generic addresses, and sums up what is there. */
    private static final String PTX = """
        .version 7.0
        .target sm_75
        .address_size 64
        .extern .shared .align 128 .b8 dynamic[];
        .visible .entry sum(.param .u64 out, .param .u32 words)
        {
            .shared .align 4 .b8 own[1024];
            .reg .b64 %rd<4>;
            .reg .b32 %r<8>;
            .reg .pred %p;
            ld.param.u64 %rd1, [out];
            ld.param.u32 %r1, [words];
            mov.u32 %r6, own;
            st.shared.u32 [%r6+1020], %r1;
            mov.u32 %r2, dynamic;
            cvt.u64.u32 %rd2, %r2;
            cvta.shared.u64 %rd2, %rd2;
            mov.u32 %r3, 0;
        WRITE:
            mul.wide.u32 %rd3, %r3, 4;
            add.s64 %rd3, %rd3, %rd2;
            st.u32 [%rd3], %r3;
            add.u32 %r3, %r3, 1;
            setp.lt.u32 %p, %r3, %r1;
            @%p bra WRITE;
            bar.sync 0;
            mov.u32 %r3, 0;
            mov.u32 %r5, 0;
        READ:
            shl.b32 %r4, %r3, 2;
            add.u32 %r4, %r4, %r2;
            ld.shared.u32 %r7, [%r4];
            add.u32 %r5, %r5, %r7;
            add.u32 %r3, %r3, 1;
            setp.lt.u32 %p, %r3, %r1;
            @%p bra READ;
            st.global.u32 [%rd1], %r5;
            and.b32 %r2, %r2, 127;
            st.global.u32 [%rd1+4], %r2;
            mov.u32 %r2, %dynamic_smem_size;
            st.global.u32 [%rd1+8], %r2;
            ret;
        }
        """;

    @Test
    void upToTheDevicesLimitForAFunctionThatAsked() throws DeviceException {
        try (SoftwareDevice device = new SoftwareDevice(SoftwareDeviceOptions.defaults());
                DeviceContext context = device.createContext(0);
                DeviceModule module = context.loadModule(image())) {
            int usual = device.description().attributes().getOrDefault(MAX_SHARED_PER_BLOCK, 0);
            int most = device.description().attributes().getOrDefault(MAX_SHARED_PER_BLOCK_OPTIN, 0);
            assertEquals(48 << 10, usual);
            assertEquals(227 << 10, most);
            DeviceFunction function = module.function("sum");
            assertEquals(usual - STATIC_BYTES, function.attributes().get(MAX_DYNAMIC_SHARED));
            assertSum(context, function, usual - STATIC_BYTES);
            assertRefused(context, function, usual - STATIC_BYTES + 4);

            function.setMaxDynamicShared(most - STATIC_BYTES);
            assertEquals(
                    most - STATIC_BYTES, module.function("sum").attributes().get(MAX_DYNAMIC_SHARED));
            assertSum(context, module.function("sum"), most - STATIC_BYTES);
            assertRefused(context, function, most - STATIC_BYTES + 4);

            function.setMaxDynamicShared(100);
            assertSum(context, function, 100);
            assertRefused(context, function, 104);
        }
    }

    @Test
    void moreThanTheDeviceHasIsRefused() throws DeviceException {
        try (SoftwareDevice device = new SoftwareDevice(SoftwareDeviceOptions.defaults());
                DeviceContext context = device.createContext(0)) {
            DeviceModule module = context.loadModule(image());
            DeviceFunction function = module.function("sum");
            for (int bytes : new int[] {-1, Integer.MIN_VALUE, (227 << 10) - STATIC_BYTES + 1, Integer.MAX_VALUE}) {
                DeviceException thrown = assertThrows(DeviceException.class, () -> function.setMaxDynamicShared(bytes));
                assertEquals(CudaStatus.INVALID_VALUE, thrown.status());
            }
            assertEquals((48 << 10) - STATIC_BYTES, function.attributes().get(MAX_DYNAMIC_SHARED));
            module.close();
            assertEquals(
                    CudaStatus.INVALID_HANDLE,
                    assertThrows(DeviceException.class, () -> function.setMaxDynamicShared(0))
                            .status());
        }
    }

    /** A launch that was accepted runs, whatever its function is given meanwhile. */
    @Test
    void aLaunchKeepsWhatItWasGiven() throws DeviceException {
        try (SoftwareDevice device = new SoftwareDevice(SoftwareDeviceOptions.defaults());
                DeviceContext context = device.createContext(0);
                DeviceModule module = context.loadModule(image())) {
            DeviceFunction function = module.function("sum");
            function.setMaxDynamicShared(100_000);
            long out = context.allocate(12);
            var hold = context.defaultStream().hold(() -> {});
            context.defaultStream().launch(function, shape(100_000), parameters(out, 25_000));
            function.setMaxDynamicShared(0);
            hold.close();
            assertTrue(context.await(LONG));
        }
    }

    private static void assertSum(DeviceContext context, DeviceFunction function, int bytes) throws DeviceException {
        long out = context.allocate(12);
        int words = bytes / 4;
        context.defaultStream().launch(function, shape(bytes), parameters(out, words));
        int[] found = new int[3];
        MemorySegment copied = MemorySegment.ofArray(found);
        try (var copy = context.defaultStream().copyOut(out, 12)) {
            assertTrue(copy.await(LONG));
            copy.transfer(0, copied);
        }
        assertEquals((int) (words * (words - 1L) / 2), found[0]);
        assertEquals(0, found[1], "aligned as declared");
        assertEquals(bytes, found[2]);
    }

    private static void assertRefused(DeviceContext context, DeviceFunction function, int bytes)
            throws DeviceException {
        long out = context.allocate(12);
        DeviceException thrown = assertThrows(
                DeviceException.class,
                () -> context.defaultStream().launch(function, shape(bytes), parameters(out, 1)));
        assertEquals(CudaStatus.INVALID_VALUE, thrown.status());
        assertTrue(String.valueOf(thrown.getMessage()).contains("cuFuncSetAttribute"), thrown.getMessage());
    }

    private static LaunchShape shape(int sharedBytes) {
        return new LaunchShape(1, 1, 1, 1, 1, 1, sharedBytes);
    }

    private static MemorySegment parameters(long out, int words) {
        return MemorySegment.ofArray(new long[] {out, words}).asSlice(0, 12);
    }

    private static MemorySegment image() {
        return MemorySegment.ofArray(PTX.getBytes(StandardCharsets.US_ASCII));
    }
}
