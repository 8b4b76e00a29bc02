package org.v4vgpu.device.ptx.numeric;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.v4vgpu.device.DeviceException;

/** cvt from every type to every type with every modifier that the two take. Source: PTX ISA 9.7.9.21. */
class ConversionGridTest {
    private static final String INTEGERS = "u8 s8 u16 s16 u32 s32 u64 s64";

    /** Destinations, sources, how it may round, what else it may say: each of these alone, and all of them. */
    @ParameterizedTest
    @CsvSource({
        INTEGERS + ", " + INTEGERS + ", -, sat",
        INTEGERS + ", f32, rni rzi rmi rpi, sat ftz",
        INTEGERS + ", f16 bf16 f64, rni rzi rmi rpi, sat",
        "f32, " + INTEGERS + ", rn rz rm rp, sat ftz",
        "f16 f64, " + INTEGERS + ", rn rz rm rp, sat",
        "bf16, " + INTEGERS + ", rn rz rm rp, ",
        "f32, f32, - rni rzi rmi rpi, sat ftz",
        "f32, f64, rn rz rm rp, sat ftz",
        "f32, f16, -, sat ftz",
        "f32, bf16, -, ftz",
        "f64, f32, -, sat ftz",
        "f64, f16, -, sat",
        "f64, bf16, -, ",
        "f64, f64, - rni rzi rmi rpi, sat",
        "f16, f32, rn rz rm rp, sat ftz",
        "f16, f32, rn rz, relu satfinite",
        "f16, f64, rn rz rm rp, sat",
        "f16, f16, - rni rzi rmi rpi, sat",
        "f16, bf16, rn rz rm rp, ",
        "bf16, f32, rn rz rm rp, relu satfinite",
        "bf16, f64 f16, rn rz rm rp, ",
        "bf16, bf16, - rni rzi rmi rpi, ",
        "f16x2 bf16x2, f32, rn rz, relu satfinite",
        "tf32, f32, rn rz rna, relu satfinite",
    })
    void isExact(String destinations, String sources, String roundings, @Nullable String others)
            throws DeviceException {
        List<List<String>> notes = new ArrayList<>();
        notes.add(List.of());
        if (others != null) {
            List<String> all = List.of(others.split(" ", -1));
            all.forEach(each -> notes.add(List.of(each)));
            if (all.size() > 1) {
                notes.add(all);
            }
        }
        NumericBatch batch = new NumericBatch();
        for (String to : destinations.split(" ", -1)) {
            for (String from : sources.split(" ", -1)) {
                for (String rounding : roundings.split(" ", -1)) {
                    notes.forEach(each -> add(batch, to, from, rounding, each));
                }
            }
        }
        batch.run();
    }

    private static void add(NumericBatch batch, String to, String from, String rounding, List<String> others) {
        StringBuilder ptx = new StringBuilder("cvt").append(rounding.equals("-") ? "" : "." + rounding);
        // As the ISA orders them.
        List.of("ftz", "sat", "relu", "satfinite").stream()
                .filter(others::contains)
                .forEach(each -> ptx.append('.').append(each));
        ptx.append('.').append(to).append('.').append(from);
        boolean pair = to.endsWith("x2");
        Format format = Values.format(to);
        String source = Values.register(from);
        batch.add(
                ptx + (pair ? " %d, %a, %b;" : " %d, %a;"),
                pair ? List.of(Values.register(to), source, source) : List.of(register(to), source),
                pair ? Values.rows(from, from) : Values.rows(from),
                row -> pair
                        ? converted(to, from, rounding, others, row[0]) << 16
                                | converted(to, from, rounding, others, row[1])
                        : converted(to, from, rounding, others, row[0]),
                format == null ? NumericBatch::exactly : pair ? NumericBatch.inPairs(format) : NumericBatch.in(format));
    }

    private static String register(String to) {
        return to.equals("tf32") ? "b32" : Values.register(to);
    }

    private static long converted(String to, String from, String rounding, List<String> others, long bits) {
        Format source = Values.format(from);
        Format target = Values.format(to);
        if (source == null) {
            BigInteger value = value(from, bits);
            return target == null
                    ? integer(to, others.contains("sat") ? clamp(to, value) : value)
                    : finish(target, others, target.round(new BigDecimal(value), mode(rounding), false));
        }
        long in = others.contains("ftz") && source == Format.F32 ? source.flush(bits) : bits;
        if (target == null) {
            return integer(to, whole(to, source, rounding, in));
        }
        if (source.isNaN(in)) {
            return finish(target, others, target.nan());
        }
        if (source.isInfinite(in)) {
            return finish(target, others, target.infinity(source.isNegative(in)));
        }
        BigDecimal exact = source.exact(in);
        if (rounding.endsWith("i")) {
            exact = exact.setScale(0, integral(rounding));
        }
        return finish(target, others, target.round(exact, mode(rounding), source.isNegative(in)));
    }

    private static long finish(Format target, List<String> others, long result) {
        long found = result;
        if (others.contains("ftz") && target == Format.F32) {
            found = target.flush(found);
        }
        if (others.contains("sat")) {
            found = target.isNaN(found) || target.isNegative(found) ? 0 : Math.min(found, target.one());
        }
        if (others.contains("relu") && !target.isNaN(found) && target.isNegative(found)) {
            found = 0;
        }
        if (others.contains("satfinite") && target.isInfinite(found)) {
            found = target.largest(target.isNegative(found));
        }
        return found;
    }

    /** NaN becomes 0, or from 64 bits or to them the sign bit alone. */
    private static BigInteger whole(String to, Format source, String rounding, long in) {
        int bits = Values.bits(to);
        BigInteger sign = BigInteger.ONE.shiftLeft(bits - 1);
        if (source.isNaN(in)) {
            return source != Format.F64 && bits != 64 ? BigInteger.ZERO : sign;
        }
        BigInteger huge = BigInteger.ONE.shiftLeft(70);
        return clamp(
                to,
                source.isInfinite(in)
                        ? source.isNegative(in) ? huge.negate() : huge
                        : source.exact(in).setScale(0, integral(rounding)).toBigInteger());
    }

    private static BigInteger value(String type, long raw) {
        BigInteger value = BigInteger.valueOf(raw).mod(BigInteger.ONE.shiftLeft(Values.bits(type)));
        return type.startsWith("s") && value.testBit(Values.bits(type) - 1)
                ? value.subtract(BigInteger.ONE.shiftLeft(Values.bits(type)))
                : value;
    }

    private static BigInteger clamp(String type, BigInteger value) {
        int bits = Values.bits(type);
        boolean signed = type.startsWith("s");
        BigInteger most = BigInteger.ONE.shiftLeft(signed ? bits - 1 : bits).subtract(BigInteger.ONE);
        return value.min(most).max(signed ? most.not() : BigInteger.ZERO);
    }

    /** As its register holds it: eight bits are extended. */
    private static long integer(String type, BigInteger value) {
        int bits = Values.bits(type);
        long low = value(type, value.longValue()).longValue();
        return bits == 64 ? low : low & ((1L << (bits == 8 ? 32 : bits)) - 1);
    }

    private static Format.Mode mode(String rounding) {
        return switch (rounding) {
            case "rz" -> Format.Mode.RZ;
            case "rm" -> Format.Mode.RM;
            case "rp" -> Format.Mode.RP;
            case "rna" -> Format.Mode.RNA;
            default -> Format.Mode.RN;
        };
    }

    private static RoundingMode integral(String rounding) {
        return switch (rounding) {
            case "rni" -> RoundingMode.HALF_EVEN;
            case "rzi" -> RoundingMode.DOWN;
            case "rmi" -> RoundingMode.FLOOR;
            default -> RoundingMode.CEILING;
        };
    }
}
