package org.v4vgpu.device;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Modules for the contract, and parameters for their kernels. */
public final class Kernels {
    /** Runs until the word at its only parameter is not 0. */
    public static final String ENDLESS = """
            .version 7.0
            .target sm_75
            .address_size 64

            .visible .entry endless(
                .param .u64 endless_param_0
            )
            {
                .reg .pred %p<2>;
                .reg .b32 %r<2>;
                .reg .b64 %rd<3>;

                ld.param.u64 %rd1, [endless_param_0];
                cvta.to.global.u64 %rd2, %rd1;
            $L_again:
                ld.volatile.global.u32 %r1, [%rd2];
                setp.eq.s32 %p1, %r1, 0;
                @%p1 bra $L_again;
                ret;
            }
            """;

    /** Writes 1 to the word at its only parameter. */
    public static final String STORE = """
            .version 7.0
            .target sm_75
            .address_size 64

            .visible .entry store(
                .param .u64 store_param_0
            )
            {
                .reg .b32 %r<2>;
                .reg .b64 %rd<3>;

                ld.param.u64 %rd1, [store_param_0];
                cvta.to.global.u64 %rd2, %rd1;
                mov.u32 %r1, 1;
                st.global.u32 [%rd2], %r1;
                ret;
            }
            """;

    private Kernels() {}

    public static MemorySegment image(String ptx) {
        return MemorySegment.ofArray((ptx + '\0').getBytes(StandardCharsets.UTF_8));
    }

    /** A file of src/test/resources/kernels. */
    public static MemorySegment file(String name) {
        try (InputStream in = Kernels.class.getResourceAsStream("/kernels/" + name)) {
            if (in == null) {
                throw new IllegalArgumentException("no kernel file " + name);
            }
            return MemorySegment.ofArray(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Packs long, int and float parameters as a function wants them. */
    public static MemorySegment parameters(DeviceFunction function, Number... values) {
        List<DeviceFunction.Parameter> layout = function.parameters();
        if (layout.size() != values.length) {
            throw new IllegalArgumentException(function.name() + " takes " + layout.size() + " parameters");
        }
        DeviceFunction.Parameter last = layout.getLast();
        ByteBuffer bytes = ByteBuffer.allocate(last.offset() + last.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < values.length; i++) {
            int offset = layout.get(i).offset();
            switch (values[i]) {
                case Long value -> bytes.putLong(offset, value);
                case Integer value -> bytes.putInt(offset, value);
                case Float value -> bytes.putFloat(offset, value);
                default -> throw new IllegalArgumentException("parameter " + values[i]);
            }
        }
        return MemorySegment.ofArray(bytes.array());
    }
}
