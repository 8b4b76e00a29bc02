package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;

/** ld, ldu and st of every type, alone and as vectors, in every space. Source: PTX ISA 9.7.9.8 to 9.7.9.12. */
class LoadStoreTest {
    private static final int BYTES = 64;

    private static final String HEAD = """
            .version 8.8
            .target sm_100
            .address_size 64
            """;

    /** A load, and what the registers must hold. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares loads
    private record Load(String ptx, long[] expected) {}

    private final byte[] data = new byte[BYTES];
    private final List<Load> loads = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private int results;

    /** The bytes of each space are the same: what is loaded is stored as 64 bits. */
    @ParameterizedTest
    @ValueSource(
            strings = {"b8", "u8", "s8", "b16", "u16", "s16", "b32", "u32", "s32", "b64", "u64", "s64", "f32", "f64"})
    void loadsAndStores(String type) throws DeviceException {
        new Random(type.hashCode()).nextBytes(data);
        int bytes = Integer.parseInt(type.substring(1)) / 8;
        text.append(HEAD).append(".const .align 64 .b8 fixed[64] = {");
        for (int i = 0; i < BYTES; i++) {
            text.append(i == 0 ? "" : ", ").append(data[i] & 255);
        }
        text.append("};\n.global .align 64 .b8 whole[64];\n");
        for (String space : List.of("param", "param::func")) {
            text.append(function(type, space));
        }
        text.append(".visible .entry k(.param .u64 in, .param .u64 out, .param .align 64 .b8 given[64]) {\n")
                .append(".reg .u64 %i, %o, %x, %sh, %lo; .reg .b64 %c<8>; .reg .")
                .append(register(type))
                .append(" %v<8>;\n")
                .append(".shared .align 64 .b8 s[64]; .local .align 64 .b8 l[64];\n")
                .append("ld.param.u64 %i, [in]; ld.param.u64 %o, [out];\n")
                .append("mov.u64 %sh, s; cvta.shared.u64 %sh, %sh; mov.u64 %lo, l; cvta.local.u64 %lo, %lo;\n");
        for (String where : List.of("global [%i", "const [fixed", "param [given", "param::entry [given", " [%i")) {
            load(type, bytes, where);
        }
        for (String where : List.of("shared [s", "shared::cta [s", "local [l", "global [whole", " [%sh", " [%lo")) {
            copy(where);
            load(type, bytes, where);
            store(type, bytes, where);
        }
        for (int lanes = 1; lanes <= 4; lanes *= 2) {
            if (lanes * bytes <= 16) {
                load("ldu.global", type, bytes, lanes, "[%i+" + 16 + "]", 16);
            }
        }
        for (String space : List.of("param", "param::func")) {
            call(type, bytes, space);
        }
        text.append("ret;\n}\n");
        check();
    }

    /** Stores go to a place that was filled before, so that what they leave alone is seen. */
    private void store(String type, int bytes, String where) {
        for (int lanes = 1; lanes <= (wide(type, where) ? 8 : 4); lanes *= 2) {
            if (lanes * bytes > 32 || (lanes * bytes > 16 && !where.startsWith("global"))) {
                continue;
            }
            // Registers from the start of the data, stored 32 bytes on.
            for (int n = 0; n < lanes; n++) {
                text.append("ld.global.")
                        .append(type)
                        .append(" %v")
                        .append(n)
                        .append(", [%i+")
                        .append(n * bytes)
                        .append("];\n");
            }
            String ptx = "st" + dotted(where) + vector(lanes) + "." + type;
            text.append(ptx)
                    .append(address(where, 32))
                    .append(", ")
                    .append(registers("%v", lanes))
                    .append(";\n");
            long[] expected = new long[4];
            for (int n = 0; n < 4; n++) {
                expected[n] = word(n, lanes * bytes);
                text.append("ld")
                        .append(dotted(where))
                        .append(".b64 %c0,")
                        .append(address(where, 32 + 8 * n))
                        .append("; st.global.b64 [%o+")
                        .append(8 * (results + n))
                        .append("], %c0;\n");
            }
            results += 4;
            loads.add(new Load(ptx + where, expected));
            copy(where);
        }
    }

    /** The n-th word behind what a store of some bytes has left of the second half. */
    private long word(int n, int stored) {
        long value = 0;
        for (int i = 0; i < 8; i++) {
            int at = 8 * n + i;
            value |= (data[at < stored ? at : 32 + at] & 255L) << (8 * i);
        }
        return value;
    }

    private void copy(String where) {
        for (int n = 0; n < 8; n++) {
            text.append("ld.global.b64 %c0, [%i+")
                    .append(8 * n)
                    .append("]; st")
                    .append(dotted(where))
                    .append(".b64")
                    .append(address(where, 8 * n))
                    .append(", %c0;\n");
        }
    }

    private void load(String type, int bytes, String where) {
        for (int lanes = 1; lanes <= (wide(type, where) ? 8 : 4); lanes *= 2) {
            if (lanes * bytes <= 16 || (where.startsWith("global") && lanes * bytes <= 32)) {
                int offset = lanes * bytes == 1 ? 5 : lanes * bytes;
                load("ld" + dotted(where), type, bytes, lanes, address(where, offset), offset);
            }
        }
    }

    private static boolean wide(String type, String where) {
        return where.startsWith("global") && type.endsWith("32");
    }

    private void load(String opcode, String type, int bytes, int lanes, String address, int offset) {
        String ptx = opcode + vector(lanes) + "." + type + " " + registers("%v", lanes) + ", " + address + ";";
        text.append(ptx).append('\n');
        long[] expected = new long[lanes];
        for (int n = 0; n < lanes; n++) {
            text.append("st.global.")
                    .append(register(type))
                    .append(" [%o+")
                    .append(8 * results++)
                    .append("], %v")
                    .append(n)
                    .append(";\n");
            expected[n] = extended(type, bytes, offset + n * bytes);
        }
        loads.add(new Load(ptx, expected));
    }

    /** A caller's parameter, which the function copies out as it is. */
    private void call(String type, int bytes, String space) {
        for (int lanes = 1; lanes <= 4 && lanes * bytes <= 16; lanes *= 2) {
            text.append("{ .param .align 64 .b8 a[64]; .param .b64 b;\n");
            for (int n = 0; n < 16 / bytes; n++) {
                text.append("st.param.")
                        .append(type.replace('f', 'b'))
                        .append(" [a+")
                        .append(n * bytes)
                        .append("], 0;\n");
            }
            for (int n = 0; n < lanes; n++) {
                text.append("ld.global.")
                        .append(type)
                        .append(" %v")
                        .append(n)
                        .append(", [%i+")
                        .append(n * bytes)
                        .append("];\n");
            }
            String ptx = "st." + space + vector(lanes) + "." + type;
            text.append(ptx)
                    .append(" [a], ")
                    .append(registers("%v", lanes))
                    .append(";\n")
                    .append("add.u64 %x, %o, ")
                    .append(8 * results)
                    .append("; st.param.b64 [b], %x;\n")
                    .append("call f")
                    .append(space.replace("::", "_"))
                    .append(", (a, b); }\n");
            long[] expected = new long[2];
            for (int i = 0; i < lanes * bytes; i++) {
                expected[i / 8] |= (data[i] & 255L) << (i % 8 * 8);
            }
            loads.add(new Load(ptx, expected));
            results += 2;
        }
    }

    private static String function(String type, String space) {
        StringBuilder text = new StringBuilder(".func f")
                .append(space.replace("::", "_"))
                .append("(.param .align 64 .b8 a[64], .param .b64 b) {\n.reg .b64 %o; .reg .")
                .append(register(type))
                .append(" %v<4>; ld.param.b64 %o, [b];\n");
        int bytes = Integer.parseInt(type.substring(1)) / 8;
        int lanes = 1;
        for (int at = 0; at < 16; at += lanes * bytes) {
            // The first elements singly, in pairs, then in fours, as far as there are any.
            lanes = at == 0 || at + 2 * bytes > 16 || at % (2 * bytes) != 0
                    ? 1
                    : at % (4 * bytes) != 0 || at + 4 * bytes > 16 ? 2 : 4;
            text.append("ld.")
                    .append(space)
                    .append(vector(lanes))
                    .append('.')
                    .append(type)
                    .append(' ')
                    .append(registers("%v", lanes))
                    .append(", [a+")
                    .append(at)
                    .append("];\n");
            for (int n = 0; n < lanes; n++) {
                text.append("st.global.")
                        .append(type)
                        .append(" [%o+")
                        .append(at + n * bytes)
                        .append("], %v")
                        .append(n)
                        .append(";\n");
            }
        }
        return text.append("ret;\n}\n").toString();
    }

    private void check() throws DeviceException {
        try (KernelBench bench = new KernelBench(text.toString())) {
            long in = bench.memory().allocate(BYTES);
            bench.memory().segment(in, BYTES).copyFrom(java.lang.foreign.MemorySegment.ofArray(data));
            long bytes = 8L * results;
            long out = bench.memory().allocate(bytes);
            bench.memory().segment(out, bytes).fill((byte) 0);
            bench.launch("k", KernelBench.line(1, 1), in, out, data.clone());
            long[] found = bench.memory().segment(out, bytes).toArray(ValueLayout.JAVA_LONG);
            int at = 0;
            for (Load load : loads) {
                for (long expected : load.expected) {
                    assertEquals(Long.toHexString(expected), Long.toHexString(found[at++]), load.ptx);
                }
            }
            assertEquals(results, at);
        }
    }

    /** A value as its register holds it: of 32 bits where it is smaller than 16. */
    private long extended(String type, int bytes, int offset) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (data[offset + i] & 255L) << (8 * i);
        }
        int held = Math.max(bytes == 1 ? 4 : bytes, 2);
        long mask = held == 8 ? -1 : (1L << (8 * held)) - 1;
        int unused = 64 - 8 * bytes;
        return (type.startsWith("s") ? value << unused >> unused : value) & mask;
    }

    private static String register(String type) {
        return type.startsWith("f") ? type : type.endsWith("8") ? "b32" : "b" + type.substring(1);
    }

    private static String vector(int lanes) {
        return lanes == 1 ? "" : ".v" + lanes;
    }

    private static String registers(String name, int lanes) {
        StringBuilder found = new StringBuilder(lanes == 1 ? "" : "{");
        for (int n = 0; n < lanes; n++) {
            found.append(n == 0 ? "" : ", ").append(name).append(n);
        }
        return found.append(lanes == 1 ? "" : "}").toString();
    }

    /** Of {@code "global [%i"}. */
    private static String dotted(String where) {
        String space = where.substring(0, where.indexOf(' '));
        return space.isEmpty() ? "" : "." + space;
    }

    private static String address(String where, int offset) {
        return where.substring(where.indexOf(' ')) + "+" + offset + "]";
    }
}
