package org.v4vgpu.device.ptx.numeric;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;

/** setp, set, selp, slct and testp: every comparison of every type, on values at the edges. Source: PTX ISA 9.7.5 and 9.7.6. */
class ComparisonTest {
    private static final List<String> INTEGERS = List.of("u16", "u32", "u64", "s16", "s32", "s64");
    private static final List<String> BITS = List.of("b16", "b32", "b64");
    private static final List<String> COMBINATIONS = List.of("", "and", "or", "xor");

    /** What may be asked of a type's values. */
    private static List<String> comparisons(String type) {
        if (BITS.contains(type)) {
            return List.of("eq", "ne");
        }
        return Values.format(type) == null
                ? List.of("eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs")
                : List.of("eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan");
    }

    /** What the comparison of two values comes to. */
    static boolean compare(String how, String type, boolean flush, long first, long second) {
        Format format = Values.format(type);
        if (format == null) {
            boolean unsigned =
                    type.charAt(0) != 's' || List.of("lo", "ls", "hi", "hs").contains(how);
            int unused = 64 - Values.bits(type);
            int order = unsigned
                    ? Long.compareUnsigned(first << unused, second << unused)
                    : Long.compare(first << unused, second << unused);
            return switch (how) {
                case "eq" -> order == 0;
                case "ne" -> order != 0;
                case "lt", "lo" -> order < 0;
                case "le", "ls" -> order <= 0;
                case "gt", "hi" -> order > 0;
                default -> order >= 0;
            };
        }
        double a = number(format, flush ? format.flush(first) : first);
        double b = number(format, flush ? format.flush(second) : second);
        boolean unordered = Double.isNaN(a) || Double.isNaN(b);
        if (how.equals("num") || how.equals("nan")) {
            return unordered == how.equals("nan");
        }
        if (unordered) {
            return how.endsWith("u");
        }
        return switch (how.substring(0, 2)) {
            case "eq" -> a == b;
            case "ne" -> a != b;
            case "lt" -> a < b;
            case "le" -> a <= b;
            case "gt" -> a > b;
            default -> a >= b;
        };
    }

    private static double number(Format format, long bits) {
        return format.isNaN(bits)
                ? Double.NaN
                : format.isInfinite(bits)
                        ? (format.isNegative(bits) ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY)
                        : format.exact(bits).doubleValue();
    }

    private static boolean combine(String combination, boolean compared, boolean with) {
        return switch (combination) {
            case "and" -> compared && with;
            case "or" -> compared || with;
            case "xor" -> compared ^ with;
            default -> compared;
        };
    }

    private static List<String> types(String result, String type, String combination) {
        String register = Values.register(type);
        return combination.isEmpty()
                ? List.of(result, register, register)
                : List.of(result, register, register, "pred");
    }

    private static List<long[]> rows(String type, String combination) {
        return combination.isEmpty() ? Values.rows(type, type) : Values.rows(type, type, "pred");
    }

    private static String dotted(String word) {
        return word.isEmpty() ? "" : "." + word;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "b16", "b32", "b64", "u16", "u32", "u64", "s16", "s32", "s64", "f32", "f64", "f16", "bf16", "f16x2",
                "bf16x2"
            })
    void setsPredicates(String type) throws DeviceException {
        NumericBatch batch = new NumericBatch();
        boolean pair = type.endsWith("x2");
        int half = Values.bits(type) / 2;
        int turn = 0;
        for (String how : comparisons(type)) {
            // Each comparison in two of the four combinations, and all four with some comparison.
            List<String> some = List.of("", COMBINATIONS.get(1 + turn++ % 3));
            for (String combination : BITS.contains(type) ? COMBINATIONS : some) {
                for (boolean flush : flushes(type)) {
                    String ptx = "setp." + how + dotted(combination) + (flush ? ".ftz." : ".") + type + " %p|%q, %a, %b"
                            + (combination.isEmpty() ? ";" : ", %c;")
                            + " selp.u32 %d, 1, 0, %p; selp.u32 %u, 2, 0, %q; add.u32 %d, %d, %u;";
                    batch.add(
                            ptx,
                            types("b32", type, combination),
                            rows(type, combination),
                            row -> {
                                boolean with = row.length > 2 && row[2] != 0;
                                boolean p = compare(how, type, flush, low(row[0], pair, half), low(row[1], pair, half));
                                boolean q = pair ? compare(how, type, flush, row[0] >>> half, row[1] >>> half) : !p;
                                return (combine(combination, p, with) ? 1L : 0)
                                        + (combine(combination, q, with) ? 2L : 0);
                            },
                            NumericBatch::exactly);
                }
            }
        }
        batch.run();
    }

    private static long low(long value, boolean pair, int half) {
        return pair ? value & ((1L << half) - 1) : value;
    }

    private static boolean[] flushes(String type) {
        return List.of("f32", "f16", "f16x2").contains(type) ? new boolean[] {false, true} : new boolean[] {false};
    }

    /** Destinations and sources of set. */
    static Stream<String[]> sets() {
        List<String[]> found = new ArrayList<>();
        for (String to : List.of("u32", "s32", "f32", "f16", "bf16")) {
            Stream.of(BITS, INTEGERS, List.of("f32", "f64"))
                    .flatMap(List::stream)
                    .forEach(from -> found.add(new String[] {to, from}));
        }
        for (String to : List.of("u16", "s16", "u32", "s32", "f16")) {
            found.add(new String[] {to, "f16"});
            found.add(new String[] {to.equals("f16") ? "bf16" : to, "bf16"});
        }
        for (String to : List.of("u32", "s32", "f16x2")) {
            found.add(new String[] {to, "f16x2"});
            found.add(new String[] {to.equals("f16x2") ? "bf16x2" : to, "bf16x2"});
        }
        return found.stream();
    }

    @Test
    void setsValues() throws DeviceException {
        NumericBatch batch = new NumericBatch();
        int turn = 0;
        for (String[] types : sets().toList()) {
            String to = types[0];
            String from = types[1];
            boolean pair = from.endsWith("x2");
            Format format = Values.format(to);
            long width = pair ? 16 : Values.bits(to);
            long truth = format == null ? (1L << width) - 1 : format.one();
            for (String how : comparisons(from)) {
                boolean flush = flushes(from).length > 1 && turn % 3 == 0;
                List<String> one = List.of(COMBINATIONS.get(turn++ % 4));
                for (String combination : BITS.contains(from) ? COMBINATIONS : one) {
                    String ptx = "set." + how + dotted(combination) + (flush ? ".ftz." : ".") + to + "." + from
                            + " %d, %a, %b" + (combination.isEmpty() ? ";" : ", %c;");
                    batch.add(
                            ptx,
                            types(Values.register(to), from, combination),
                            few(rows(from, combination)),
                            row -> {
                                boolean with = row.length > 2 && row[2] != 0;
                                boolean low = compare(how, from, flush, low(row[0], pair, 16), low(row[1], pair, 16));
                                long result = combine(combination, low, with) ? truth : 0;
                                if (pair
                                        && combine(
                                                combination,
                                                compare(how, from, flush, row[0] >>> 16, row[1] >>> 16),
                                                with)) {
                                    result |= truth << 16;
                                }
                                return result;
                            },
                            NumericBatch::exactly);
                }
            }
        }
        batch.run();
    }

    private static List<long[]> few(List<long[]> rows) {
        List<long[]> found = new ArrayList<>();
        for (int i = 0; i < rows.size(); i += 2) {
            found.add(rows.get(i));
        }
        return found;
    }

    @Test
    void selectsByPredicateOrSign() throws DeviceException {
        NumericBatch batch = new NumericBatch();
        for (String type : Stream.of(BITS, INTEGERS, List.of("f32", "f64"))
                .flatMap(List::stream)
                .toList()) {
            String register = Values.register(type);
            batch.add(
                    "selp." + type + " %d, %a, %b, %c;",
                    List.of(register, register, register, "pred"),
                    Values.rows(type, type, "pred"),
                    row -> row[2] != 0 ? row[0] : row[1],
                    likeness(type));
            batch.add(
                    "slct." + type + ".s32 %d, %a, %b, %c;",
                    List.of(register, register, register, "b32"),
                    Values.rows(type, type, "s32"),
                    row -> (int) row[2] >= 0 ? row[0] : row[1],
                    likeness(type));
            for (boolean flush : new boolean[] {false, true}) {
                batch.add(
                        "slct" + (flush ? ".ftz." : ".") + type + ".f32 %d, %a, %b, %c;",
                        List.of(register, register, register, "f32"),
                        Values.rows(type, type, "f32"),
                        row -> compare("ge", "f32", flush, row[2], 0) ? row[0] : row[1],
                        likeness(type));
            }
        }
        batch.run();
    }

    private static NumericBatch.Likeness likeness(String type) {
        @Nullable Format format = Values.format(type);
        return format == null ? NumericBatch::exactly : NumericBatch.in(format);
    }

    @ParameterizedTest
    @CsvSource({"f32, F32", "f64, F64"})
    void testsProperties(String type, Format format) throws DeviceException {
        NumericBatch batch = new NumericBatch();
        for (String what : List.of("finite", "infinite", "number", "notanumber", "normal", "subnormal")) {
            batch.add(
                    "testp." + what + "." + type + " %d, %a;",
                    List.of("pred", type),
                    Values.rows(type),
                    row -> {
                        long a = row[0];
                        boolean none = format.isNaN(a);
                        boolean holds = switch (what) {
                            case "finite" -> !none && !format.isInfinite(a);
                            case "infinite" -> format.isInfinite(a);
                            case "number" -> !none;
                            case "notanumber" -> none;
                            case "subnormal" -> format.isSubnormal(a);
                            default -> !none && !format.isInfinite(a) && !format.isSubnormal(a) && !format.isZero(a);
                        };
                        return holds ? 1 : 0;
                    },
                    NumericBatch::exactly);
        }
        batch.run();
    }
}
