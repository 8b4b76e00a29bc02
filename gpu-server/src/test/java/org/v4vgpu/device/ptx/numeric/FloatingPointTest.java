package org.v4vgpu.device.ptx.numeric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.v4vgpu.device.DeviceException;

/** Floating-point arithmetic, bit by bit. */
class FloatingPointTest {
    /** The instructions: opcode, number of sources, formats, modifiers of each case. */
    private static final String TABLE = """
            add  2 F32 - rn rz rm rp ftz sat rz.ftz ftz.sat rp.ftz.sat
            sub  2 F32 - rn rz rm rp ftz sat rm.ftz.sat
            mul  2 F32 - rn rz rm rp ftz sat rp.ftz rz.ftz.sat
            fma  3 F32 rn rz rm rp rn.ftz rn.sat rz.ftz.sat
            mad  3 F32 - rn rz rm rp rn.ftz rn.sat
            div  2 F32 rn rz rm rp rn.ftz rz.ftz
            rcp  1 F32 rn rz rm rp rn.ftz
            sqrt 1 F32 rn rz rm rp rn.ftz
            neg  1 F32 - ftz
            abs  1 F32 - ftz
            min  2 F32 - ftz NaN xorsign.abs ftz.NaN.xorsign.abs
            max  2 F32 - ftz NaN xorsign.abs ftz.NaN.xorsign.abs
            min  3 F32 - ftz NaN abs ftz.NaN.abs
            max  3 F32 - ftz NaN abs ftz.NaN.abs
            add  2 F64 - rn rz rm rp
            sub  2 F64 - rn rz rm rp
            mul  2 F64 - rn rz rm rp
            fma  3 F64 rn rz rm rp
            mad  3 F64 rn rz rm rp
            div  2 F64 rn rz rm rp
            rcp  1 F64 rn rz rm rp
            sqrt 1 F64 rn rz rm rp
            neg  1 F64 -
            abs  1 F64 -
            min  2 F64 -
            max  2 F64 -
            add  2 F16 - rn ftz sat ftz.sat
            sub  2 F16 - rn ftz sat
            mul  2 F16 - rn ftz sat
            fma  3 F16 rn rn.ftz rn.sat rn.relu rn.ftz.relu
            neg  1 F16 - ftz
            abs  1 F16 - ftz
            min  2 F16 - ftz NaN xorsign.abs ftz.NaN.xorsign.abs
            max  2 F16 - ftz NaN xorsign.abs ftz.NaN.xorsign.abs
            add  2 BF16 - rn
            sub  2 BF16 - rn
            mul  2 BF16 - rn
            fma  3 BF16 rn rn.relu
            neg  1 BF16 -
            abs  1 BF16 -
            min  2 BF16 - NaN xorsign.abs NaN.xorsign.abs
            max  2 BF16 - NaN xorsign.abs NaN.xorsign.abs
            """;

    /** One instruction. */
    record Case(String opcode, int sources, Format format, List<String> modifiers) {
        String ptx(String type) {
            StringBuilder text = new StringBuilder(opcode);
            modifiers.forEach(modifier -> text.append('.').append(modifier));
            return text.append('.')
                    .append(type)
                    .append(" %d, ")
                    .append(String.join(", ", List.of("%a", "%b", "%c").subList(0, sources)))
                    .append(';')
                    .toString();
        }

        /** A NaN has all bits but the sign; one of double precision may be another, and a half's may have its sign changed. */
        void assertCanonical(long result, long[] row) {
            boolean signs = opcode.equals("neg") || opcode.equals("abs");
            if (format.isNaN(result) && format != Format.F64 && !(format != Format.F32 && signs)) {
                assertEquals(format.zero(true) - 1, result, () -> this + name(row));
            }
        }

        String type() {
            return format.name().toLowerCase(Locale.ROOT);
        }

        @Override
        public String toString() {
            return ptx(type());
        }
    }

    static Stream<Case> cases() {
        return TABLE.lines().flatMap(line -> {
            String[] words = line.strip().split("\\s+", -1);
            return Stream.of(words)
                    .skip(3)
                    .map(modifiers -> new Case(
                            words[0],
                            Integer.parseInt(words[1]),
                            Format.valueOf(words[2]),
                            modifiers.equals("-") ? List.of() : List.of(modifiers.split("\\.", -1))));
        });
    }

    static Stream<Case> packed() {
        return cases().filter(each -> each.format == Format.F16 || each.format == Format.BF16);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void isExact(Case each) throws DeviceException {
        List<long[]> rows = rows(each.format, each.sources);
        String register = each.format.bits() == 16 ? "b16" : each.type();
        List<String> types = new ArrayList<>(List.of(register));
        for (int i = 0; i < each.sources; i++) {
            types.add(register);
        }
        long[] actual = NumericBench.run(each.ptx(each.type()), types, rows);
        Reference reference = new Reference(each.format, Reference.Notes.of(each.modifiers));
        for (int i = 0; i < actual.length; i++) {
            assertSame(each.format, reference.apply(each.opcode, rows.get(i)), actual[i], rows.get(i));
            each.assertCanonical(actual[i], rows.get(i));
        }
    }

    @ParameterizedTest
    @MethodSource("packed")
    void bothHalvesOfAPairAreExact(Case each) throws DeviceException {
        List<long[]> rows = rows(each.format, each.sources);
        List<long[]> pairs = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            long[] pair = new long[each.sources];
            for (int n = 0; n < pair.length; n++) {
                pair[n] = rows.get(i)[n] | rows.get(rows.size() - 1 - i)[n] << 16;
            }
            pairs.add(pair);
        }
        List<String> types = new ArrayList<>(List.of("b32"));
        for (int i = 0; i < each.sources; i++) {
            types.add("b32");
        }
        long[] actual = NumericBench.run(each.ptx(each.type() + "x2"), types, pairs);
        Reference reference = new Reference(each.format, Reference.Notes.of(each.modifiers));
        for (int i = 0; i < actual.length; i++) {
            long[] high = rows.get(rows.size() - 1 - i);
            assertSame(each.format, reference.apply(each.opcode, rows.get(i)), actual[i] & 0xFFFF, rows.get(i));
            assertSame(each.format, reference.apply(each.opcode, high), actual[i] >>> 16, high);
            each.assertCanonical(actual[i] & 0xFFFF, rows.get(i));
            each.assertCanonical(actual[i] >>> 16, high);
        }
    }

    /** Two floats in 64 bits. */
    @ParameterizedTest
    @CsvSource({"add, 2", "sub, 2", "mul, 2", "fma, 3"})
    void bothFloatsOfAPairAreExact(String opcode, int sources) throws DeviceException {
        NumericBatch batch = new NumericBatch();
        String[] types = Collections.nCopies(sources, "f32x2").toArray(String[]::new);
        for (String rounding : List.of("rn", "rz", "rm", "rp")) {
            for (List<String> notes : List.of(List.of(rounding), List.of(rounding, "ftz"))) {
                Reference reference = new Reference(Format.F32, Reference.Notes.of(notes));
                batch.add(
                        opcode + "." + String.join(".", notes) + ".f32x2 %d, "
                                + String.join(", ", List.of("%a", "%b", "%c").subList(0, sources)) + ";",
                        Collections.nCopies(sources + 1, "b64"),
                        Values.rows(types),
                        row -> {
                            long low = reference.apply(
                                    opcode,
                                    LongStream.of(row)
                                            .map(a -> a & 0xFFFF_FFFFL)
                                            .toArray());
                            long high = reference.apply(
                                    opcode,
                                    LongStream.of(row).map(a -> a >>> 32).toArray());
                            return low | high << 32;
                        },
                        NumericBatch.inPairs(Format.F32));
            }
        }
        batch.run();
    }

    /** Bounds of the approximate instructions, relative to the result or absolute. Source: PTX ISA 9.7.3 and 9.7.4. */
    @ParameterizedTest
    @CsvSource({
        "ex2.approx.f32, f32, -126, 127, 1.7e-7, 0",
        "lg2.approx.f32, f32, 1e-30, 1e30, 2.4e-7, 2.4e-7",
        "sin.approx.f32, f32, -6.28, 6.28, 0, 6.7e-7",
        "cos.approx.f32, f32, -6.28, 6.28, 0, 6.7e-7",
        "rsqrt.approx.ftz.f32, f32, 1e-30, 1e30, 1.3e-7, 0",
        "rsqrt.approx.f32, f32, 1e-30, 1e30, 1.3e-7, 0",
        "sqrt.approx.f32, f32, 1e-30, 1e30, 1.2e-7, 0",
        "rcp.approx.f32, f32, 1e-30, 1e30, 1.2e-7, 0",
        "tanh.approx.f32, f32, -8, 8, 4.9e-4, 0",
        "rsqrt.approx.f64, f64, 1e-200, 1e200, 1e-15, 0",
        "rcp.approx.ftz.f64, f64, 1e-200, 1e200, 1e-6, 0",
        "rsqrt.approx.ftz.f64, f64, 1e-200, 1e200, 1e-6, 0",
        "ex2.approx.f16, f16, -14, 15, 1.05e-3, 0",
        "tanh.approx.f16, f16, -8, 8, 9.8e-4, 0",
        "ex2.approx.ftz.bf16, bf16, -100, 100, 7.9e-3, 0",
        "tanh.approx.bf16, bf16, -8, 8, 3.92e-3, 0",
    })
    void approximationsKeepTheirBounds(
            String ptx, String type, double least, double most, double relative, double absolute)
            throws DeviceException {
        DoubleUnaryOperator exact = switch (ptx.substring(0, 3)) {
            case "ex2" -> x -> StrictMath.pow(2, x);
            case "lg2" -> x -> StrictMath.log(x) / StrictMath.log(2);
            case "sin" -> StrictMath::sin;
            case "cos" -> StrictMath::cos;
            case "rsq" -> x -> 1 / StrictMath.sqrt(x);
            case "sqr" -> StrictMath::sqrt;
            case "rcp" -> x -> 1 / x;
            default -> StrictMath::tanh;
        };
        Format format = Format.valueOf(type.toUpperCase(Locale.ROOT));
        Random random = new Random(9);
        List<long[]> rows = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            double x = least > 0
                    ? StrictMath.exp(random.nextDouble(StrictMath.log(least), StrictMath.log(most)))
                    : random.nextDouble(least, most);
            rows.add(new long[] {format.round(new java.math.BigDecimal(x), Format.Mode.RN, false)});
        }
        String register = format.bits() == 16 ? "b16" : type;
        long[] actual = NumericBench.run(ptx + " %d, %a;", List.of(register, register), rows);
        for (int i = 0; i < actual.length; i++) {
            double wanted = exact.applyAsDouble(format.exact(rows.get(i)[0]).doubleValue());
            double found = format.exact(actual[i]).doubleValue();
            double error = Math.abs(found - wanted);
            assertTrue(
                    error <= Math.max(absolute, relative * Math.abs(wanted)),
                    ptx + " of " + format.exact(rows.get(i)[0]).doubleValue() + " is " + found + ", not " + wanted);
        }
    }

    /** Sixteen bits are few enough to try all. */
    @Test
    void everyHalfIsItself() throws DeviceException {
        List<long[]> rows = new ArrayList<>();
        for (int bits = 0; bits < 1 << 16; bits++) {
            rows.add(new long[] {bits});
        }
        long[] halves = NumericBench.run("cvt.f32.f16 %d, %a;", List.of("f32", "b16"), rows);
        long[] again = NumericBench.run(
                "cvt.f32.f16 %d, %a; cvt.rn.f16.f32 %h, %d; mov.b32 %d, {%h, %h};", List.of("f32", "b16"), rows);
        for (int bits = 0; bits < 1 << 16; bits++) {
            long expected = Format.F16.isNaN(bits)
                    ? Format.F32.nan()
                    : Format.F16.isInfinite(bits)
                            ? Format.F32.infinity(bits > 0x8000)
                            : Format.F32.round(Format.F16.exact(bits), Format.Mode.RN, bits >= 0x8000);
            assertSame(Format.F32, expected, halves[bits], rows.get(bits));
            assertSame(Format.F16, bits, again[bits] & 0xFFFF, rows.get(bits));
        }
    }

    // Values

    static void assertSame(Format format, long expected, long actual, long[] row) {
        if (format.isNaN(expected)) {
            assertTrue(format.isNaN(actual), () -> name(row) + ": no NaN but " + Long.toHexString(actual));
        } else {
            assertEquals(Long.toHexString(expected), Long.toHexString(actual), () -> name(row));
        }
    }

    private static String name(long... row) {
        StringBuilder text = new StringBuilder("of");
        for (long value : row) {
            text.append(' ').append(Long.toHexString(value));
        }
        return text.toString();
    }

    /** Combinations of values at the edges, and of random ones. */
    static List<long[]> rows(Format format, int sources) {
        List<Long> values = values(format, sources == 3 ? 4 : 14);
        List<long[]> rows = new ArrayList<>();
        if (sources == 1) {
            values(format, 200).forEach(value -> rows.add(new long[] {value}));
            return rows;
        }
        for (long a : values) {
            for (long b : values) {
                if (sources == 2) {
                    rows.add(new long[] {a, b});
                } else {
                    values.forEach(c -> rows.add(new long[] {a, b, c}));
                }
            }
        }
        return rows;
    }

    private static List<Long> values(Format format, int random) {
        List<Long> found = new ArrayList<>();
        for (boolean negative : new boolean[] {false, true}) {
            long sign = format.zero(negative);
            found.add(sign);
            found.add(sign | 1); // The least subnormal.
            found.add(sign | format.one() / 2);
            found.add(sign | format.one());
            found.add(sign | format.one() + 1);
            found.add(format.largest(negative));
            found.add(format.infinity(negative));
        }
        int mantissa = format.precision - 1;
        found.add((1L << mantissa) - 1); // The largest subnormal.
        found.add(1L << mantissa); // The least normal.
        found.add(format.nan());
        Random source = new Random(format.bits());
        for (int i = 0; i < random; i++) {
            long bits = source.nextLong() >>> (64 - format.bits());
            // Half of them near one, where sums and products meet.
            long low = (1L << (mantissa + 2)) - 1;
            long near = (format.one() & ~low) | (bits & (low | format.zero(true)));
            found.add(i % 2 == 0 ? near : bits);
        }
        return found;
    }
}
