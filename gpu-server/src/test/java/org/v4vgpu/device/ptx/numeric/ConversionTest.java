package org.v4vgpu.device.ptx.numeric;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.numeric.Format.Mode;

/** cvt, bit by bit. Source: PTX ISA 9.7.9.21. */
class ConversionTest {
    @ParameterizedTest
    @CsvSource({
        "rn, F16, F32", "rz, F16, F32", "rm, F16, F32", "rp, F16, F32", "rn.sat, F16, F32", "rn.ftz, F16, F32",
        "rn.relu, F16, F32", "rn, F16, F64", "rz, F16, F64", "rn, BF16, F32", "rz, BF16, F32", "rn.relu, BF16, F32",
        "rn, BF16, F64", "rna, TF32, F32", "rn, TF32, F32", "rz, TF32, F32", "rn.relu, TF32, F32", "rn, F32, F64",
        "rz, F32, F64", "rm, F32, F64", "rp, F32, F64", "rn.sat, F32, F64", "rn.ftz, F32, F64", "-, F64, F32",
        "-, F32, F16", "-, F64, F16", "-, F32, BF16", "sat, F32, F16", "sat, F64, F32"
    })
    void betweenFloatingPoint(String modifiers, Format to, Format from) throws DeviceException {
        List<long[]> rows = FloatingPointTest.rows(from, 1);
        String ptx =
                "cvt" + (modifiers.equals("-") ? "" : "." + modifiers) + "." + type(to) + "." + type(from) + " %d, %a;";
        long[] actual = NumericBench.run(ptx, List.of(register(to), register(from)), rows);
        Reference.Notes notes = Reference.Notes.of(List.of(modifiers.split("\\.", -1)));
        for (int i = 0; i < actual.length; i++) {
            long a = rows.get(i)[0];
            long in = notes.ftz() && from == Format.F32 ? from.flush(a) : a;
            long expected = from.isNaN(in)
                    ? to.nan()
                    : from.isInfinite(in)
                            ? to.infinity(from.isNegative(in))
                            : to.round(from.exact(in), notes.mode(), from.isNegative(in));
            if (notes.ftz() && to == Format.F32) {
                expected = to.flush(expected);
            }
            if (notes.sat()) {
                expected = to.isNaN(expected) || to.isNegative(expected) ? 0 : Math.min(expected, to.one());
            }
            if (notes.relu() && !to.isNaN(expected) && to.isNegative(expected)) {
                expected = 0;
            }
            FloatingPointTest.assertSame(to, expected, actual[i], rows.get(i));
        }
    }

    static Stream<List<String>> toIntegers() {
        List<List<String>> found = new ArrayList<>();
        for (String from : List.of("f32", "f64", "f16")) {
            for (String to : List.of("s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64")) {
                found.add(List.of(to.endsWith("32") || from.equals("f32") ? "rni" : "rzi", to, from));
            }
            found.add(List.of("rmi", "s32", from));
            found.add(List.of("rpi", "u64", from));
        }
        return found.stream();
    }

    @ParameterizedTest
    @MethodSource("toIntegers")
    void fromFloatingPointToIntegers(List<String> each) throws DeviceException {
        Format from = Format.valueOf(each.get(2).toUpperCase(Locale.ROOT));
        boolean signed = each.get(1).startsWith("s");
        int bits = Integer.parseInt(each.get(1).substring(1));
        String register = bits == 8 ? (signed ? "s32" : "u32") : each.get(1);
        List<long[]> rows = new ArrayList<>(FloatingPointTest.rows(from, 1));
        for (double value : new double[] {
            0.5, 1.5, 2.5, -0.5, -1.5, 127.5, 255.5, 32767.5, 65535.5, 0x1p31, 0x1p32, -0x1p31, 0x1p63, 0x1p64, -0x1p63,
            4e18, 1.2e19
        }) {
            rows.add(new long[] {from.round(BigDecimal.valueOf(value), Mode.RZ, false)});
        }
        long[] actual =
                NumericBench.run("cvt." + String.join(".", each) + " %d, %a;", List.of(register, register(from)), rows);
        BigInteger most = BigInteger.ONE.shiftLeft(signed ? bits - 1 : bits).subtract(BigInteger.ONE);
        BigInteger least = signed ? most.negate().subtract(BigInteger.ONE) : BigInteger.ZERO;
        for (int i = 0; i < actual.length; i++) {
            long a = rows.get(i)[0];
            BigInteger expected;
            if (from.isNaN(a)) {
                boolean zero = from != Format.F64 && bits != 64;
                expected = zero ? BigInteger.ZERO : signed ? least : BigInteger.ONE.shiftLeft(bits - 1);
            } else if (from.isInfinite(a)) {
                expected = from.isNegative(a) ? least : most;
            } else {
                RoundingMode mode = switch (each.getFirst()) {
                    case "rni" -> RoundingMode.HALF_EVEN;
                    case "rzi" -> RoundingMode.DOWN;
                    case "rmi" -> RoundingMode.FLOOR;
                    default -> RoundingMode.CEILING;
                };
                expected = from.exact(a)
                        .setScale(0, mode)
                        .toBigInteger()
                        .max(least)
                        .min(most);
            }
            long mask = bits == 64 ? -1 : bits == 8 ? 0xFFFF_FFFFL : (1L << bits) - 1;
            assertEquals(expected.longValue() & mask, actual[i], "of " + Long.toHexString(a));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "rn, F32, s64", "rz, F32, s64", "rm, F32, u64", "rp, F32, u64", "rn, F64, u64", "rz, F64, s64", "rp, F64, u64",
        "rn, F32, s32", "rm, F32, u32", "rn, F16, s32", "rn, F16, u64", "rz, F16, s64", "rp, F16, u16", "rn, BF16, s64",
        "rn, BF16, u64", "rn, F64, s32", "rn, F16, s16", "rn, F32, u16", "rm, BF16, s32"
    })
    void fromIntegersToFloatingPoint(String mode, Format to, String from) throws DeviceException {
        boolean signed = from.startsWith("s");
        int bits = Integer.parseInt(from.substring(1));
        List<long[]> rows = new ArrayList<>();
        Random random = new Random(3);
        for (int i = 0; i < 400; i++) {
            long value = random.nextLong() >> random.nextInt(64);
            rows.add(new long[] {i < bits ? (1L << i) + (i % 3 - 1) : value});
        }
        long[] actual = NumericBench.run(
                "cvt." + mode + "." + type(to) + "." + from + " %d, %a;", List.of(register(to), from), rows);
        for (int i = 0; i < actual.length; i++) {
            BigInteger value = BigInteger.valueOf(rows.get(i)[0]).mod(BigInteger.ONE.shiftLeft(bits));
            if (signed && value.testBit(bits - 1)) {
                value = value.subtract(BigInteger.ONE.shiftLeft(bits));
            }
            long expected = to.round(new BigDecimal(value), Mode.valueOf(mode.toUpperCase(Locale.ROOT)), false);
            FloatingPointTest.assertSame(to, expected, actual[i], rows.get(i));
        }
    }

    @ParameterizedTest
    @CsvSource({"s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64"})
    void integersSaturate(String to) throws DeviceException {
        int bits = Integer.parseInt(to.substring(1));
        boolean signed = to.startsWith("s");
        BigInteger most = BigInteger.ONE.shiftLeft(signed ? bits - 1 : bits).subtract(BigInteger.ONE);
        BigInteger least = signed ? most.negate().subtract(BigInteger.ONE) : BigInteger.ZERO;
        for (String from : List.of("s16", "u16", "s32", "u32", "s64", "u64")) {
            int fromBits = Integer.parseInt(from.substring(1));
            List<long[]> rows = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                rows.add(new long[] {1L << i});
                rows.add(new long[] {(1L << i) - 1});
                rows.add(new long[] {-(1L << i)});
            }
            String register = bits == 8 ? (signed ? "s32" : "u32") : to;
            long[] actual = NumericBench.run("cvt.sat." + to + "." + from + " %d, %a;", List.of(register, from), rows);
            for (int i = 0; i < actual.length; i++) {
                BigInteger value = BigInteger.valueOf(rows.get(i)[0]).mod(BigInteger.ONE.shiftLeft(fromBits));
                if (from.startsWith("s") && value.testBit(fromBits - 1)) {
                    value = value.subtract(BigInteger.ONE.shiftLeft(fromBits));
                }
                long mask = bits == 64 ? -1 : bits == 8 ? 0xFFFF_FFFFL : (1L << bits) - 1;
                assertEquals(value.max(least).min(most).longValue() & mask, actual[i], from + " " + rows.get(i)[0]);
            }
        }
    }

    /** Two floats to two halves: the first source is the upper one. */
    @ParameterizedTest
    @CsvSource({"rn.f16x2, F16", "rz.f16x2, F16", "rn.relu.f16x2, F16", "rn.bf16x2, BF16", "rn.satfinite.f16x2, F16"})
    void pairsOfFloats(String form, Format to) throws DeviceException {
        List<long[]> rows = FloatingPointTest.rows(Format.F32, 2);
        long[] actual = NumericBench.run("cvt." + form + ".f32 %d, %a, %b;", List.of("b32", "f32", "f32"), rows);
        for (int i = 0; i < actual.length; i++) {
            for (int n = 0; n < 2; n++) {
                long a = rows.get(i)[n];
                Format from = Format.F32;
                Mode mode = form.startsWith("rz") ? Mode.RZ : Mode.RN;
                long expected = from.isNaN(a)
                        ? to.nan()
                        : from.isInfinite(a)
                                ? to.infinity(from.isNegative(a))
                                : to.round(from.exact(a), mode, from.isNegative(a));
                if (form.contains("relu") && !to.isNaN(expected) && to.isNegative(expected)) {
                    expected = 0;
                }
                if (form.contains("satfinite") && to.isInfinite(expected)) {
                    expected = to.largest(to.isNegative(expected));
                }
                FloatingPointTest.assertSame(to, expected, n == 0 ? actual[i] >>> 16 : actual[i] & 0xFFFF, rows.get(i));
            }
        }
    }

    /** Formats of eight bits: all their values, and for many floats the nearest of these, ties to the even one. */
    @ParameterizedTest
    @CsvSource({"e4m3x2, 3, 7, 448", "e5m2x2, 2, 15, 57344"})
    void bytes(String type, int mantissaBits, int bias, double largest) throws DeviceException {
        double[] values = new double[256];
        List<long[]> all = new ArrayList<>();
        for (int bits = 0; bits < 256; bits++) {
            int exponent = (bits & 0x7F) >> mantissaBits;
            double mantissa = (bits & (1 << mantissaBits) - 1) / (double) (1 << mantissaBits);
            double magnitude = exponent == 0
                    ? mantissa * StrictMath.pow(2, 1 - bias)
                    : (1 + mantissa) * StrictMath.pow(2, exponent - bias);
            values[bits] = magnitude > largest ? Double.NaN : bits > 127 ? -magnitude : magnitude;
            all.add(new long[] {bits | (255 - bits) << 8});
        }
        long[] halves = NumericBench.run("cvt.rn.f16x2." + type + " %d, %a;", List.of("b32", "b16"), all);
        for (int bits = 0; bits < 256; bits++) {
            if (!Double.isNaN(values[bits])) {
                assertEquals((float) values[bits], Float.float16ToFloat((short) halves[bits]), "of " + bits);
            }
            if (!Double.isNaN(values[255 - bits])) {
                assertEquals((float) values[255 - bits], Float.float16ToFloat((short) (halves[bits] >>> 16)));
            }
        }
        List<long[]> rows = FloatingPointTest.rows(Format.F32, 2);
        Random random = new Random(5);
        for (int i = 0; i < 300; i++) {
            float x = (float) (values[random.nextInt(126)] * (1 + random.nextInt(5) / 8.0));
            rows.add(new long[] {Float.floatToIntBits(x) & 0xFFFF_FFFFL, Float.floatToIntBits(-x) & 0xFFFF_FFFFL});
        }
        for (String relu : List.of("", ".relu")) {
            long[] actual = NumericBench.run(
                    "cvt.rn.satfinite" + relu + "." + type + ".f32 %d, %a, %b;", List.of("b16", "f32", "f32"), rows);
            for (int i = 0; i < actual.length; i++) {
                for (int n = 0; n < 2; n++) {
                    float x = Float.intBitsToFloat((int) rows.get(i)[n]);
                    int found = (int) (n == 0 ? actual[i] >>> 8 : actual[i]) & 0xFF;
                    assertEquals(nearest(values, largest, !relu.isEmpty(), x), found, "of " + x);
                }
            }
        }
        List<long[]> pairs = Values.rows("f16x2");
        for (String relu : List.of("", ".relu")) {
            long[] actual = NumericBench.run(
                    "cvt.rn.satfinite" + relu + "." + type + ".f16x2 %d, %a;", List.of("b16", "b32"), pairs);
            for (int i = 0; i < actual.length; i++) {
                for (int n = 0; n < 2; n++) {
                    float x = Float.float16ToFloat((short) (pairs.get(i)[0] >>> (16 * n)));
                    int found = (int) (actual[i] >>> (8 * n)) & 0xFF;
                    assertEquals(nearest(values, largest, !relu.isEmpty(), x), found, "of the half " + x);
                }
            }
        }
        long[] positive = NumericBench.run("cvt.rn.relu.f16x2." + type + " %d, %a;", List.of("b32", "b16"), all);
        for (int bits = 0; bits < 256; bits++) {
            double value = values[bits];
            float found = Float.float16ToFloat((short) positive[bits]);
            if (!Double.isNaN(value)) {
                assertEquals(bits > 127 ? 0f : (float) value, found, "of " + bits);
            }
        }
    }

    private static int nearest(double[] values, double largest, boolean relu, float x) {
        // Beyond the largest all are as far from it: a double would not tell how far.
        int best = nearest(values, (float) Math.clamp(x, -largest, largest));
        return relu && best > 127 ? 0 : best;
    }

    private static int nearest(double[] values, float x) {
        int best = Float.floatToRawIntBits(x) < 0 ? 128 : 0;
        int first = best;
        if (Float.isNaN(x)) {
            return 0x7F;
        }
        for (int bits = first; bits < first + 128; bits++) {
            double distance = Math.abs(values[bits] - x);
            double least = Math.abs(values[best] - x);
            if (distance < least || (distance == least && (bits & 1) == 0)) {
                best = bits;
            }
        }
        return best;
    }

    private static String type(Format format) {
        return format.name().toLowerCase(Locale.ROOT);
    }

    private static String register(Format format) {
        return format.bits() == 16 ? "b16" : format == Format.TF32 ? "b32" : type(format);
    }
}
