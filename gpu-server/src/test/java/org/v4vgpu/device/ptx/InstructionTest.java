package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.v4vgpu.device.DeviceException;

/** Every line of instructions.txt, as a kernel of its own. */
class InstructionTest {
    private static final List<String> NAMES = List.of("a", "b", "c", "e");

    /** One line of the table. */
    record Case(List<String> types, String ptx, List<String> inputs, String expected) {
        static Case of(String line) {
            String[] cells = line.split("(?<!\\\\)\\|", -1);
            return new Case(
                    List.of(cells[0].strip().split("\\s+", -1)),
                    cells[1].strip().replace("\\|", "|"),
                    List.of(cells[2].strip().split("\\s+", -1)),
                    cells[3].strip());
        }

        @Override
        public String toString() {
            return ptx + " of " + String.join(" ", inputs);
        }
    }

    static Stream<Case> cases() {
        try (InputStream in = InstructionTest.class.getResourceAsStream("/ptx/instructions.txt")) {
            String text = new String(java.util.Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            return text
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(Case::of)
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void answers(Case each) throws DeviceException {
        try (KernelBench bench = new KernelBench(kernel(each))) {
            long[] values = new long[NAMES.size() + 1];
            for (int i = 0; i < each.inputs.size(); i++) {
                String type = i + 1 < each.types.size() ? each.types.get(i + 1) : "u32";
                values[i] = bits(type, each.inputs.get(i));
            }
            long address = bench.memory().allocate(8L * values.length);
            bench.memory()
                    .segment(address, 8L * values.length)
                    .copyFrom(java.lang.foreign.MemorySegment.ofArray(values));
            bench.launch("k", KernelBench.line(1, 1), address);
            long actual = bench.memory().segment(address + 32, 8).get(java.lang.foreign.ValueLayout.JAVA_LONG, 0);
            String type = each.types.getFirst();
            assertEquals(word(type, bits(type, each.expected)), word(type, actual));
        }
    }

    private static String kernel(Case each) {
        StringBuilder text = new StringBuilder("""
                .version 8.8
                .target sm_100
                .address_size 64
                .const .align 4 .b32 kc = 77;
                .visible .entry k(.param .u64 p) {
                .reg .u64 %p; .reg .pred %q; .reg .b32 %t, %s;
                ld.param.u64 %p, [p];
                """);
        String result = each.types.getFirst();
        text.append(".reg .").append(result).append(" %d;\n");
        for (int i = 1; i < each.types.size(); i++) {
            String type = each.types.get(i);
            String name = "%" + NAMES.get(i - 1);
            text.append(".reg .").append(type).append(' ').append(name).append(";\n");
            text.append("ld.global.")
                    .append(type)
                    .append(' ')
                    .append(name)
                    .append(", [%p+")
                    .append(8 * (i - 1))
                    .append("];\n");
        }
        text.append(each.ptx).append(";\n");
        if (result.equals("pred")) {
            text.append("selp.u32 %s, 1, 0, %d;\nst.global.u32 [%p+32], %s;\n");
        } else {
            text.append("st.global.").append(result).append(" [%p+32], %d;\n");
        }
        return text.append("ret;\n}\n").toString();
    }

    private static long bits(String type, String value) {
        if (type.equals("f32")) {
            return Float.floatToIntBits(Float.parseFloat(value)) & 0xFFFF_FFFFL;
        }
        if (type.equals("f64")) {
            return Double.doubleToLongBits(Double.parseDouble(value));
        }
        return value.startsWith("0x")
                ? new BigInteger(value.substring(2), 16).longValue()
                : new BigInteger(value).longValue();
    }

    /** The bits that count, with all NaNs alike. */
    private static String word(String type, long bits) {
        return switch (type) {
            case "f32" -> Float.toString(Float.intBitsToFloat((int) bits));
            case "f64" -> Double.toString(Double.longBitsToDouble(bits));
            case "b16", "u16", "s16" -> Long.toHexString(bits & 0xFFFF);
            case "b64", "u64", "s64" -> Long.toHexString(bits);
            default -> Integer.toHexString((int) bits);
        };
    }
}
