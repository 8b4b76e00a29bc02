package org.v4vgpu.device.ptx.numeric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.KernelBench;

/** The video instructions, with all types, against their definitions in BigInteger. Source: PTX ISA 9.7.17 and 9.7.18. */
class VideoTest {
    private static final List<String> TYPES = List.of("u32", "s32");

    @ParameterizedTest
    @ValueSource(strings = {"vadd", "vsub", "vabsdiff", "vmin", "vmax", "vshl", "vshr"})
    void ofWords(String opcode) throws DeviceException {
        NumericBatch batch = new NumericBatch();
        boolean shifts = opcode.startsWith("vsh");
        int turn = 0;
        for (String to : TYPES) {
            for (String a : TYPES) {
                for (String b : shifts ? List.of("u32") : TYPES) {
                    for (String then : List.of("", "add", "min", "max")) {
                        String mode = shifts ? turn++ % 2 == 0 ? "clamp" : "wrap" : "";
                        // With one half of these saturated, so that each is with each type.
                        for (String sat : List.of(then.equals("add") || then.equals("max") ? "sat" : "")) {
                            String ptx = opcode + "." + to + "." + a + "." + b + dotted(sat) + dotted(mode)
                                    + dotted(then) + " %d, %a, %b" + (then.isEmpty() ? ";" : ", %c;");
                            batch.add(
                                    ptx,
                                    List.of("b32", "b32", "b32", "b32"),
                                    Values.rows("u32", "u32", "u32"),
                                    row -> then(
                                            then,
                                            to,
                                            saturated(
                                                    sat,
                                                    to,
                                                    32,
                                                    computed(opcode, mode, value(a, 32, row[0]), value(b, 32, row[1]))),
                                            row[2]),
                                    NumericBatch::exactly);
                        }
                    }
                }
            }
        }
        batch.run();
    }

    @ParameterizedTest
    @ValueSource(strings = {"vadd", "vsub", "vavrg", "vabsdiff", "vmin", "vmax"})
    void ofParts(String opcode) throws DeviceException {
        NumericBatch batch = new NumericBatch();
        for (int parts = 2; parts <= 4; parts += 2) {
            for (String to : TYPES) {
                for (String a : TYPES) {
                    for (String b : TYPES) {
                        for (String then : List.of("", "add")) {
                            // Saturated and summed, or neither, and for others one of both.
                            boolean saturates = then.isEmpty() == a.equals(b);
                            for (String sat : List.of(saturates ? "sat" : "")) {
                                String ptx = opcode + parts + "." + to + "." + a + "." + b + dotted(sat) + dotted(then);
                                parts(
                                        batch,
                                        ptx,
                                        parts,
                                        then,
                                        (x, y, bits) -> saturated(
                                                sat,
                                                to,
                                                bits,
                                                computed(opcode, "", value(a, bits, x), value(b, bits, y))));
                            }
                        }
                    }
                }
            }
        }
        batch.run();
    }

    /** What becomes of two parts. */
    private interface Parts {
        BigInteger of(long a, long b, int bits);
    }

    private static void parts(NumericBatch batch, String ptx, int parts, String then, Parts definition) {
        int bits = 32 / parts;
        batch.add(
                ptx + " %d, %a, %b, %c;",
                List.of("b32", "b32", "b32", "b32"),
                Values.rows("u32", "u32", "u32"),
                row -> {
                    long found = then.isEmpty() ? 0 : row[2];
                    for (int at = 0; at < 32; at += bits) {
                        long part = definition
                                .of(row[0] >>> at, row[1] >>> at, bits)
                                .longValue();
                        found = then.isEmpty() ? found | (part & ((1L << bits) - 1)) << at : found + part;
                    }
                    return found & 0xFFFF_FFFFL;
                },
                NumericBatch::exactly);
    }

    @Test
    void comparesWordsAndParts() throws DeviceException {
        NumericBatch batch = new NumericBatch();
        for (String how : List.of("eq", "ne", "lt", "le", "gt", "ge")) {
            for (String a : TYPES) {
                for (String b : TYPES) {
                    for (String then : List.of("", "add", "min", "max")) {
                        batch.add(
                                "vset." + a + "." + b + "." + how + dotted(then) + " %d, %a, %b"
                                        + (then.isEmpty() ? ";" : ", %c;"),
                                List.of("b32", "b32", "b32", "b32"),
                                Values.rows("u32", "u32", "u32"),
                                row -> then(
                                        then, "u32", truth(how, value(a, 32, row[0]), value(b, 32, row[1])), row[2]),
                                NumericBatch::exactly);
                    }
                    for (String then : List.of("", "add")) {
                        for (int parts = 2; parts <= 4; parts += 2) {
                            parts(
                                    batch,
                                    "vset" + parts + "." + a + "." + b + "." + how + dotted(then),
                                    parts,
                                    then,
                                    (x, y, bits) -> truth(how, value(a, bits, x), value(b, bits, y)));
                        }
                    }
                }
            }
        }
        batch.run();
    }

    @Test
    void partsOfRegistersAreRefused() {
        DeviceException thrown = assertThrows(DeviceException.class, () -> new KernelBench("""
                .version 7.0
                .target sm_75
                .address_size 64
                .entry k() { .reg .b32 %r<4>;
                vadd.s32.u32.s32.sat %r1, %r2.b0, %r3, %r1; ret; }
                """).close());
        assertEquals("line 5: vadd.s32.u32.s32.sat: unsupported: part .b0 of a register", thrown.getMessage());
    }

    private static String dotted(String word) {
        return word.isEmpty() ? "" : "." + word;
    }

    private static BigInteger value(String type, int bits, long raw) {
        BigInteger value = BigInteger.valueOf(raw).mod(BigInteger.ONE.shiftLeft(bits));
        return type.equals("s32") && value.testBit(bits - 1) ? value.subtract(BigInteger.ONE.shiftLeft(bits)) : value;
    }

    private static BigInteger computed(String opcode, String mode, BigInteger a, BigInteger b) {
        return switch (opcode) {
            case "vadd" -> a.add(b);
            case "vsub" -> a.subtract(b);
            case "vabsdiff" -> a.subtract(b).abs();
            case "vmin" -> a.min(b);
            case "vmax" -> a.max(b);
            case "vavrg" ->
                a.add(b).signum() < 0
                        ? a.add(b).shiftRight(1)
                        : a.add(b).add(BigInteger.ONE).shiftRight(1);
            default -> {
                int count = mode.equals("wrap")
                        ? b.intValue() & 31
                        : b.min(BigInteger.valueOf(32)).intValue();
                yield opcode.equals("vshl") ? a.shiftLeft(count) : a.shiftRight(count);
            }
        };
    }

    private static BigInteger truth(String how, BigInteger a, BigInteger b) {
        int order = a.compareTo(b);
        boolean holds = switch (how) {
            case "eq" -> order == 0;
            case "ne" -> order != 0;
            case "lt" -> order < 0;
            case "le" -> order <= 0;
            case "gt" -> order > 0;
            default -> order >= 0;
        };
        return holds ? BigInteger.ONE : BigInteger.ZERO;
    }

    private static BigInteger saturated(String sat, String type, int bits, BigInteger value) {
        if (sat.isEmpty()) {
            return value;
        }
        BigInteger most =
                BigInteger.ONE.shiftLeft(type.equals("s32") ? bits - 1 : bits).subtract(BigInteger.ONE);
        return value.min(most).max(type.equals("s32") ? most.not() : BigInteger.ZERO);
    }

    private static long then(String then, String type, BigInteger result, long third) {
        BigInteger found = value(type, 32, result.longValue());
        BigInteger c = value(type, 32, third);
        BigInteger last = switch (then) {
            case "add" -> found.add(c);
            case "min" -> found.min(c);
            case "max" -> found.max(c);
            default -> found;
        };
        return last.longValue() & 0xFFFF_FFFFL;
    }
}
