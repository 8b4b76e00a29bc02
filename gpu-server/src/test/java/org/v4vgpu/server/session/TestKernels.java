package org.v4vgpu.server.session;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.LaunchKernelRequest;
import org.v4vgpu.proto.ModuleGetFunctionReply;
import org.v4vgpu.proto.ModuleGetFunctionRequest;
import org.v4vgpu.proto.ModuleLoadDataReply;
import org.v4vgpu.proto.ModuleLoadDataRequest;

/** A module for tests: kernels that scale an array, write where they are told, and never end. */
final class TestKernels {
    static final String PTX =
            """
            .version 7.0
            .target sm_75
            .address_size 64
            .visible .global .align 4 .b32 factor = 3;

            .visible .entry scale(.param .u64 array, .param .u32 count)
            {
                .reg .pred %p<2>;
                .reg .b32 %r<8>;
                .reg .b64 %rd<5>;
                ld.param.u64 %rd1, [array];
                ld.param.u32 %r1, [count];
                mov.u32 %r2, %ctaid.x;
                mov.u32 %r3, %ntid.x;
                mov.u32 %r4, %tid.x;
                mad.lo.s32 %r5, %r2, %r3, %r4;
                setp.ge.s32 %p1, %r5, %r1;
                @%p1 bra DONE;
                mul.wide.s32 %rd2, %r5, 4;
                add.s64 %rd3, %rd1, %rd2;
                ld.global.u32 %r6, [%rd3];
                ld.global.u32 %r7, [factor];
                mul.lo.s32 %r6, %r6, %r7;
                st.global.u32 [%rd3], %r6;
            DONE:
                ret;
            }

            .visible .entry poke(.param .u64 address)
            {
                .reg .b32 %r<2>;
                .reg .b64 %rd<2>;
                ld.param.u64 %rd1, [address];
                mov.u32 %r1, 1;
                st.global.u32 [%rd1], %r1;
                ret;
            }

            .visible .entry endless()
            {
            AGAIN:
                bra AGAIN;
            }
            """;

    private TestKernels() {}

    /** Loads an image. */
    static TestClient.Reply<ModuleLoadDataReply> load(TestClient gpu, long context, String ptx, int logBytes)
            throws IOException {
        return gpu.call(
                Call.MODULE_LOAD_DATA,
                ModuleLoadDataRequest.newBuilder()
                        .setContext(context)
                        .setErrorLogBytes(logBytes)
                        .build(),
                MemorySegment.ofArray(ptx.getBytes(US_ASCII)));
    }

    /** Loads the module above. */
    static long load(TestClient gpu, long context) throws IOException {
        TestClient.Reply<ModuleLoadDataReply> reply = load(gpu, context, PTX, 1000);
        assertEquals(0, reply.status(), () -> reply.message().getErrorLog());
        return reply.message().getModule();
    }

    static ModuleGetFunctionReply function(TestClient gpu, long module, String name) throws IOException {
        return gpu.expect(
                Call.MODULE_GET_FUNCTION,
                ModuleGetFunctionRequest.newBuilder()
                        .setModule(module)
                        .setName(name)
                        .build());
    }

    static LaunchKernelRequest launch(long context, long function, int blocks, int threads) {
        return LaunchKernelRequest.newBuilder()
                .setContext(context)
                .setFunction(function)
                .setGridX(blocks)
                .setGridY(1)
                .setGridZ(1)
                .setBlockX(threads)
                .setBlockY(1)
                .setBlockZ(1)
                .build();
    }

    /** Parameters of {@code scale}. */
    static MemorySegment scaleParameters(long address, int count) {
        return MemorySegment.ofArray(ByteBuffer.allocate(12)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(address)
                .putInt(count)
                .array());
    }

    /** Parameters of {@code poke}. */
    static MemorySegment pokeParameters(long address) {
        return MemorySegment.ofArray(
                ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(address).array());
    }
}
