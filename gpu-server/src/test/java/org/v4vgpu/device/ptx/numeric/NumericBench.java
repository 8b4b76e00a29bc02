package org.v4vgpu.device.ptx.numeric;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.KernelBench;

/** Runs a few instructions as a kernel of their own on many inputs, one thread for each. */
final class NumericBench {
    private static final int SOURCES = 3;
    private static final int THREADS = 256;

    private NumericBench() {}

    /**
     * Runs {@code ptx}, which writes %d and reads %a, %b, %c.
     *
     * @param types of %d, %a, %b, %c
     * @param rows the inputs, as bits
     */
    static long[] run(String ptx, List<String> types, List<long[]> rows) throws DeviceException {
        try (KernelBench bench = new KernelBench(kernel(ptx, types))) {
            long[] in = new long[SOURCES * rows.size()];
            for (int i = 0; i < rows.size(); i++) {
                System.arraycopy(rows.get(i), 0, in, SOURCES * i, rows.get(i).length);
            }
            long input = bench.memory().allocate(8L * in.length);
            long output = bench.memory().allocate(8L * rows.size());
            bench.memory().segment(input, 8L * in.length).copyFrom(MemorySegment.ofArray(in));
            bench.launch(
                    "k", KernelBench.line((rows.size() + THREADS - 1) / THREADS, THREADS), input, output, rows.size());
            return bench.memory().segment(output, 8L * rows.size()).toArray(ValueLayout.JAVA_LONG);
        }
    }

    private static String kernel(String ptx, List<String> types) {
        StringBuilder text = new StringBuilder("""
                .version 8.6
                .target sm_100
                .address_size 64
                .visible .entry k(.param .u64 in, .param .u64 out, .param .u32 n) {
                .reg .u64 %i, %o, %x; .reg .u32 %t, %n, %s, %w; .reg .pred %p, %q, %r;
                .reg .b16 %h; .reg .b16 %g;
                mov.u32 %t, %ctaid.x; mov.u32 %n, %ntid.x; mov.u32 %s, %tid.x; mad.lo.u32 %t, %t, %n, %s;
                ld.param.u32 %n, [n]; setp.ge.u32 %p, %t, %n; @%p ret;
                ld.param.u64 %i, [in]; ld.param.u64 %o, [out];
                mul.wide.u32 %x, %t, 24; add.u64 %i, %i, %x; mul.wide.u32 %x, %t, 8; add.u64 %o, %o, %x;
                mov.u64 %x, 0; st.global.u64 [%o], %x;
                """);
        for (int i = 0; i < types.size(); i++) {
            text.append(".reg .")
                    .append(types.get(i))
                    .append(" %")
                    .append("dabc".charAt(i))
                    .append(";\n");
            if (i > 0) {
                String type = types.get(i).equals("pred") ? "u32" : types.get(i);
                if (types.get(i).equals("pred")) {
                    text.append("ld.global.u32 %s, [%i+")
                            .append(8 * (i - 1))
                            .append("]; setp.ne.u32 %")
                            .append("dabc".charAt(i))
                            .append(", %s, 0;\n");
                } else {
                    text.append("ld.global.")
                            .append(type)
                            .append(" %")
                            .append("dabc".charAt(i))
                            .append(", [%i+")
                            .append(8 * (i - 1))
                            .append("];\n");
                }
            }
        }
        text.append(ptx).append("\n");
        if (types.getFirst().equals("pred")) {
            text.append("selp.u32 %s, 1, 0, %d; st.global.u32 [%o], %s;\n");
        } else {
            text.append("st.global.").append(types.getFirst()).append(" [%o], %d;\n");
        }
        return text.append("ret;\n}\n").toString();
    }
}
