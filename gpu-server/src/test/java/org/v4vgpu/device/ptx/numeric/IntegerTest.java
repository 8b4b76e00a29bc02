package org.v4vgpu.device.ptx.numeric;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.v4vgpu.device.DeviceException;

/** Integer instructions, for every type that they take, against their definitions in BigInteger. Source: PTX ISA 9.7.1, 9.7.2, 9.7.8. */
class IntegerTest {
    private static final BigInteger ZERO = BigInteger.ZERO;
    private static final BigInteger ONE = BigInteger.ONE;

    /**
     * One instruction.
     *
     * @param ptx with T for the type
     * @param kinds of type: u, s or b
     * @param widths that it takes
     * @param result the type of the result, or T, or W for the type of twice the width
     * @param sources the types of the sources
     */
    record Case(
            String ptx,
            String kinds,
            List<Integer> widths,
            String result,
            List<String> sources,
            Definition definition) {}

    /** What an instruction computes from values in their types' ranges; the result is cut to its width. */
    interface Definition {
        BigInteger of(BigInteger[] in, int bits);
    }

    /** A case with its type. */
    record Typed(Case each, String type) {
        @Override
        public String toString() {
            return each.ptx.replace("T", type);
        }
    }

    private static final List<Integer> ALL = List.of(16, 32, 64);
    private static final List<Integer> LARGE = List.of(32, 64);
    private static final List<Integer> SMALL = List.of(16, 32);
    private static final List<Integer> WORD = List.of(32);
    private static final List<String> T = List.of("T");
    private static final List<String> TT = List.of("T", "T");
    private static final List<String> TTT = List.of("T", "T", "T");

    static Stream<Typed> cases() {
        List<Case> found = new ArrayList<>();
        found.add(new Case("add.T %d, %a, %b;", "us", ALL, "T", TT, (in, bits) -> in[0].add(in[1])));
        found.add(new Case("sub.T %d, %a, %b;", "us", ALL, "T", TT, (in, bits) -> in[0].subtract(in[1])));
        found.add(new Case("add.sat.T %d, %a, %b;", "s", WORD, "T", TT, (in, bits) -> clamp(in[0].add(in[1]), bits)));
        found.add(new Case(
                "sub.sat.T %d, %a, %b;", "s", WORD, "T", TT, (in, bits) -> clamp(in[0].subtract(in[1]), bits)));
        found.add(new Case("mul.lo.T %d, %a, %b;", "us", ALL, "T", TT, (in, bits) -> in[0].multiply(in[1])));
        found.add(new Case(
                "mul.hi.T %d, %a, %b;",
                "us", ALL, "T", TT, (in, bits) -> in[0].multiply(in[1]).shiftRight(bits)));
        found.add(new Case("mul.wide.T %d, %a, %b;", "us", SMALL, "W", TT, (in, bits) -> in[0].multiply(in[1])));
        found.add(new Case(
                "mad.lo.T %d, %a, %b, %c;",
                "us", ALL, "T", TTT, (in, bits) -> in[0].multiply(in[1]).add(in[2])));
        found.add(new Case(
                "mad.hi.T %d, %a, %b, %c;",
                "us",
                ALL,
                "T",
                TTT,
                (in, bits) -> in[0].multiply(in[1]).shiftRight(bits).add(in[2])));
        found.add(new Case(
                "mad.wide.T %d, %a, %b, %c;",
                "us",
                SMALL,
                "W",
                List.of("T", "T", "W"),
                (in, bits) -> in[0].multiply(in[1]).add(in[2])));
        found.add(new Case(
                "mad.hi.sat.T %d, %a, %b, %c;",
                "s",
                WORD,
                "T",
                TTT,
                (in, bits) -> clamp(in[0].multiply(in[1]).shiftRight(bits).add(in[2]), bits)));
        found.add(new Case("div.T %d, %a, %b;", "us", ALL, "T", TT, (in, bits) -> quotient(in)));
        found.add(new Case(
                "rem.T %d, %a, %b;",
                "us", ALL, "T", TT, (in, bits) -> in[1].signum() == 0 ? in[0] : in[0].remainder(in[1])));
        found.add(new Case("min.T %d, %a, %b;", "us", ALL, "T", TT, (in, bits) -> in[0].min(in[1])));
        found.add(new Case("max.T %d, %a, %b;", "us", ALL, "T", TT, (in, bits) -> in[0].max(in[1])));
        found.add(new Case(
                "max.relu.T %d, %a, %b;",
                "s", WORD, "T", TT, (in, bits) -> in[0].max(in[1]).max(ZERO)));
        found.add(new Case("neg.T %d, %a;", "s", ALL, "T", T, (in, bits) -> in[0].negate()));
        found.add(new Case("abs.T %d, %a;", "s", ALL, "T", T, (in, bits) -> in[0].abs()));
        found.add(new Case(
                "sad.T %d, %a, %b, %c;",
                "us", ALL, "T", TTT, (in, bits) -> in[0].subtract(in[1]).abs().add(in[2])));
        found.add(new Case("and.T %d, %a, %b;", "b", ALL, "T", TT, (in, bits) -> in[0].and(in[1])));
        found.add(new Case("or.T %d, %a, %b;", "b", ALL, "T", TT, (in, bits) -> in[0].or(in[1])));
        found.add(new Case("xor.T %d, %a, %b;", "b", ALL, "T", TT, (in, bits) -> in[0].xor(in[1])));
        found.add(new Case("not.T %d, %a;", "b", ALL, "T", T, (in, bits) -> in[0].not()));
        found.add(new Case("cnot.T %d, %a;", "b", ALL, "T", T, (in, bits) -> in[0].signum() == 0 ? ONE : ZERO));
        List<String> shift = List.of("T", "u32");
        found.add(new Case(
                "shl.T %d, %a, %b;", "b", ALL, "T", shift, (in, bits) -> in[0].shiftLeft(count(in[1], bits))));
        found.add(new Case(
                "shr.T %d, %a, %b;", "us", ALL, "T", shift, (in, bits) -> in[0].shiftRight(count(in[1], bits))));
        found.add(new Case("popc.T %d, %a;", "b", LARGE, "u32", T, (in, bits) -> BigInteger.valueOf(in[0].bitCount())));
        found.add(new Case(
                "clz.T %d, %a;", "b", LARGE, "u32", T, (in, bits) -> BigInteger.valueOf(bits - in[0].bitLength())));
        found.add(new Case("brev.T %d, %a;", "b", LARGE, "T", T, (in, bits) -> reverse(in[0], bits)));
        found.add(new Case(
                "bfind.T %d, %a;", "us", LARGE, "u32", T, (in, bits) -> BigInteger.valueOf(in[0].bitLength() - 1)));
        found.add(new Case(
                "bfind.shiftamt.T %d, %a;",
                "us", LARGE, "u32", T, (in, bits) -> {
                    int position = in[0].bitLength() - 1;
                    return BigInteger.valueOf(position < 0 ? -1 : bits - 1 - position);
                }));
        found.addAll(carries());
        found.addAll(words());
        return found.stream().flatMap(IntegerTest::typed);
    }

    /** Chains: the flag comes from the first, and goes through the second into a third. */
    private static List<Case> carries() {
        Definition sum = (in, bits) -> plain(in[0], bits).add(plain(in[1], bits));
        Definition borrowed = (in, bits) -> plain(in[0], bits).subtract(plain(in[1], bits));
        Definition product =
                (in, bits) -> low(in[0].multiply(in[1]), bits, false).add(plain(in[2], bits));
        Definition upper = (in, bits) ->
                low(in[0].multiply(in[1]).shiftRight(bits), bits, false).add(plain(in[2], bits));
        return List.of(
                chain(
                        "add.cc.T %d, %a, %b; addc.T %d, %c, %b;",
                        (in, bits) -> in[2].add(in[1]).add(carry(sum, in, bits))),
                chain(
                        "add.cc.T %d, %a, %b; addc.cc.T %d, %c, %b; addc.T %d, 0, 0;",
                        (in, bits) -> overflow(
                                plain(in[2], bits).add(plain(in[1], bits)).add(carry(sum, in, bits)), bits)),
                chain(
                        "sub.cc.T %d, %a, %b; subc.T %d, %c, %b;",
                        (in, bits) -> in[2].subtract(in[1]).subtract(carry(borrowed, in, bits))),
                chain(
                        "sub.cc.T %d, %a, %b; subc.cc.T %d, %c, %b; subc.T %d, 0, 0;",
                        (in, bits) -> overflow(
                                        plain(in[2], bits)
                                                .subtract(plain(in[1], bits))
                                                .subtract(carry(borrowed, in, bits)),
                                        bits)
                                .negate()),
                chain(
                        "mad.lo.cc.T %d, %a, %b, %c; madc.hi.T %d, %a, %b, %c;",
                        (in, bits) -> upper.of(in, bits).add(carry(product, in, bits))),
                chain(
                        "mad.lo.cc.T %d, %a, %b, %c; madc.hi.cc.T %d, %a, %b, %c; addc.T %d, 0, 0;",
                        (in, bits) -> overflow(upper.of(in, bits).add(carry(product, in, bits)), bits)),
                chain(
                        "mad.hi.cc.T %d, %a, %b, %c; madc.lo.T %d, %a, %b, %c;",
                        (in, bits) -> product.of(in, bits).add(carry(upper, in, bits))),
                chain(
                        "mad.hi.cc.T %d, %a, %b, %c; madc.lo.cc.T %d, %a, %b, %c; addc.T %d, 0, 0;",
                        (in, bits) -> overflow(product.of(in, bits).add(carry(upper, in, bits)), bits)));
    }

    private static Case chain(String ptx, Definition definition) {
        return new Case(ptx, "us", LARGE, "T", TTT, definition);
    }

    private static BigInteger plain(BigInteger a, int bits) {
        return low(a, bits, false);
    }

    private static BigInteger carry(Definition definition, BigInteger[] in, int bits) {
        return overflow(definition.of(in, bits), bits);
    }

    /** 1 for what has a carry or a borrow. */
    private static BigInteger overflow(BigInteger a, int bits) {
        return a.signum() < 0 || a.bitLength() > bits ? ONE : ZERO;
    }

    /** Those whose type is part of their definition. */
    private static List<Case> words() {
        List<String> three = List.of("b32", "b32", "b32");
        List<String> two = List.of("b32", "b32");
        List<Case> found = new ArrayList<>();
        for (String a : List.of("u32", "s32")) {
            for (String b : List.of("u32", "s32")) {
                boolean signedA = a.equals("s32");
                boolean signedB = b.equals("s32");
                String types = "." + a + "." + b + " %d, %a, %b, %c;";
                found.add(word("dp4a" + types, three, in -> in[2].add(dot(in[0], 8, in[1], 0, 4, signedA, signedB))));
                found.add(
                        word("dp2a.lo" + types, three, in -> in[2].add(dot(in[0], 16, in[1], 0, 2, signedA, signedB))));
                found.add(
                        word("dp2a.hi" + types, three, in -> in[2].add(dot(in[0], 16, in[1], 2, 2, signedA, signedB))));
            }
            boolean signed = a.equals("s32");
            found.add(word(
                    "mad24.lo." + a + " %d, %a, %b, %c;",
                    three,
                    in -> low(in[0], 24, signed)
                            .multiply(low(in[1], 24, signed))
                            .add(in[2])));
            found.add(word(
                    "mad24.hi." + a + " %d, %a, %b, %c;",
                    three,
                    in -> low(in[0], 24, signed)
                            .multiply(low(in[1], 24, signed))
                            .shiftRight(16)
                            .add(in[2])));
        }
        found.add(word(
                "mad24.hi.sat.s32 %d, %a, %b, %c;",
                three,
                in -> clamp(
                        low(in[0], 24, true)
                                .multiply(low(in[1], 24, true))
                                .shiftRight(16)
                                .add(low(in[2], 32, true)),
                        32)));
        found.add(word("szext.clamp.u32 %d, %a, %b;", two, in -> low(in[0], count(in[1], 32), false)));
        for (String order : List.of("min", "max")) {
            boolean least = order.equals("min");
            for (String type : List.of("u16x2", "s16x2", "relu.s16x2")) {
                boolean signed = !type.startsWith("u");
                found.add(word(
                        order + "." + type + " %d, %a, %b;",
                        two,
                        in -> join(
                                extreme(low(in[0], 16, signed), low(in[1], 16, signed), least, type),
                                extreme(high(in[0], signed), high(in[1], signed), least, type))));
            }
        }
        found.add(word(
                "min.relu.s32 %d, %a, %b;",
                two, in -> extreme(low(in[0], 32, true), low(in[1], 32, true), true, "relu")));
        found.addAll(others(three, two));
        return found;
    }

    private static BigInteger extreme(BigInteger a, BigInteger b, boolean least, String type) {
        BigInteger found = least ? a.min(b) : a.max(b);
        return type.startsWith("relu") ? found.max(ZERO) : found;
    }

    private static List<Case> others(List<String> three, List<String> two) {
        return List.of(
                word("szext.wrap.u32 %d, %a, %b;", two, in -> low(in[0], in[1].intValue() & 31, false)),
                word("szext.wrap.s32 %d, %a, %b;", two, in -> low(in[0], in[1].intValue() & 31, true)),
                word("szext.clamp.s32 %d, %a, %b;", two, in -> low(in[0], count(in[1], 32), true)),
                word("bmsk.wrap.b32 %d, %a, %b;", two, in -> mask(in[0].intValue() & 31, in[1].intValue() & 31)),
                word("bmsk.clamp.b32 %d, %a, %b;", two, in -> mask(count(in[0], 32), count(in[1], 32))),
                word(
                        "mul24.hi.u32 %d, %a, %b;",
                        two,
                        in -> low(in[0], 24, false)
                                .multiply(low(in[1], 24, false))
                                .shiftRight(16)),
                word(
                        "mul24.hi.s32 %d, %a, %b;",
                        two,
                        in -> low(in[0], 24, true)
                                .multiply(low(in[1], 24, true))
                                .shiftRight(16)),
                word("bfe.u32 %d, %a, %b, %c;", three, in -> extract(in[0], in[1], in[2], 32, false)),
                word("bfe.s32 %d, %a, %b, %c;", three, in -> extract(in[0], in[1], in[2], 32, true)),
                word("bfi.b32 %d, %a, %b, %c, 7;", three, in -> insert(in[0], in[1], in[2], 7)),
                word("mul24.lo.s32 %d, %a, %b;", two, in -> low(in[0], 24, true).multiply(low(in[1], 24, true))),
                word(
                        "mul24.lo.u32 %d, %a, %b;",
                        two, in -> low(in[0], 24, false).multiply(low(in[1], 24, false))),
                word(
                        "lop3.b32 %d, %a, %b, %c, 0x96;",
                        three, in -> in[0].xor(in[1]).xor(in[2])),
                word("lop3.b32 %d, %a, %b, %c, 0xe2;", three, in -> table(in, 0xe2)),
                word(
                        "shf.l.wrap.b32 %d, %a, %b, %c;",
                        three, in -> funnel(in).shiftLeft(in[2].intValue() & 31).shiftRight(32)),
                word("shf.r.wrap.b32 %d, %a, %b, %c;", three, in -> funnel(in).shiftRight(in[2].intValue() & 31)),
                word(
                        "shf.l.clamp.b32 %d, %a, %b, %c;",
                        three, in -> funnel(in).shiftLeft(count(in[2], 32)).shiftRight(32)),
                word("shf.r.clamp.b32 %d, %a, %b, %c;", three, in -> funnel(in).shiftRight(count(in[2], 32))),
                word(
                        "add.u16x2 %d, %a, %b;",
                        two,
                        in -> join(
                                low(in[0], 16, false).add(low(in[1], 16, false)),
                                in[0].shiftRight(16).add(in[1].shiftRight(16)))),
                word(
                        "cvt.pack.sat.u8.s32.b32 %d, %a, %b, %c;",
                        three,
                        in -> low(in[2], 16, false)
                                .shiftLeft(16)
                                .or(byteOf(in[0]).shiftLeft(8))
                                .or(byteOf(in[1]))),
                word(
                        "cvt.pack.sat.s16.s32 %d, %a, %b;",
                        two, in -> join(clamp(low(in[1], 32, true), 16), clamp(low(in[0], 32, true), 16))),
                word("fns.b32 %d, %a, 0, 3;", List.of("b32"), in -> nth(in[0], 3)),
                word(
                        "add.cc.u32 %d, %a, %b; addc.u32 %d, %c, 0;",
                        three, in -> in[2].add(in[0].add(in[1]).shiftRight(32))),
                word(
                        "sub.cc.u32 %d, %a, %b; subc.u32 %d, %c, 0;",
                        three, in -> in[2].subtract(in[0].compareTo(in[1]) < 0 ? ONE : ZERO)),
                word(
                        "mad.lo.cc.u32 %d, %a, %b, %c; madc.hi.u32 %d, %a, %b, 0;",
                        three, in -> in[0].multiply(in[1]).add(in[2]).shiftRight(32)));
    }

    private static Case word(String ptx, List<String> sources, Function<BigInteger[], BigInteger> definition) {
        return new Case(ptx, "b", WORD, "b32", sources, (in, bits) -> definition.apply(in));
    }

    private static Stream<Typed> typed(Case each) {
        List<Typed> found = new ArrayList<>();
        for (char kind : each.kinds.toCharArray()) {
            for (int width : each.widths) {
                found.add(new Typed(each, "" + kind + width));
            }
        }
        return found.stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void isExact(Typed typed) throws DeviceException {
        Case each = typed.each;
        int bits = bits(typed.type);
        List<String> types = new ArrayList<>(List.of(resolved(each.result, typed.type)));
        each.sources.forEach(source -> types.add(resolved(source, typed.type)));
        List<long[]> rows = rows(types);
        long[] actual = NumericBench.run(each.ptx.replace("T", typed.type), types, rows);
        int resultBits = bits(types.getFirst());
        for (int i = 0; i < actual.length; i++) {
            BigInteger[] in = new BigInteger[types.size() - 1];
            for (int n = 0; n < in.length; n++) {
                in[n] = value(rows.get(i)[n], types.get(n + 1));
            }
            BigInteger expected = each.definition.of(in, bits).mod(ONE.shiftLeft(resultBits));
            int row = i;
            assertEquals(
                    Long.toHexString(expected.longValue()),
                    Long.toHexString(actual[i]),
                    () -> "of " + java.util.Arrays.toString(rows.get(row)));
        }
    }

    private static String resolved(String type, String own) {
        return switch (type) {
            case "T" -> own;
            case "W" -> own.substring(0, 1) + 2 * bits(own);
            default -> type;
        };
    }

    private static int bits(String type) {
        return Integer.parseInt(type.substring(1));
    }

    private static BigInteger value(long raw, String type) {
        return low(BigInteger.valueOf(raw), bits(type), type.startsWith("s"));
    }

    private static List<long[]> rows(List<String> types) {
        Random random = new Random(types.hashCode());
        List<long[]> rows = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            long[] row = new long[types.size() - 1];
            for (int n = 0; n < row.length; n++) {
                int bits = bits(types.get(n + 1));
                long edge = 1L << random.nextInt(bits);
                row[n] = switch (random.nextInt(6)) {
                    case 0 -> edge;
                    case 1 -> edge - 1;
                    case 2 -> -edge;
                    case 3 -> random.nextInt(70);
                    default -> random.nextLong();
                };
            }
            rows.add(row);
        }
        return rows;
    }

    // Definitions

    private static BigInteger low(BigInteger a, int bits, boolean signed) {
        BigInteger rest = a.mod(ONE.shiftLeft(bits));
        return signed && bits > 0 && rest.testBit(bits - 1) ? rest.subtract(ONE.shiftLeft(bits)) : rest;
    }

    private static BigInteger high(BigInteger a, boolean signed) {
        return low(a.shiftRight(16), 16, signed);
    }

    private static BigInteger join(BigInteger low, BigInteger high) {
        return low(low, 16, false).or(low(high, 16, false).shiftLeft(16));
    }

    private static BigInteger byteOf(BigInteger a) {
        return low(a, 32, true).max(ZERO).min(BigInteger.valueOf(255));
    }

    private static BigInteger clamp(BigInteger a, int bits) {
        BigInteger limit = ONE.shiftLeft(bits - 1);
        return a.min(limit.subtract(ONE)).max(limit.negate());
    }

    private static int count(BigInteger count, int most) {
        return count.min(BigInteger.valueOf(most)).intValue();
    }

    private static BigInteger quotient(BigInteger... in) {
        // Unspecified for zero: all ones, as on GPUs.
        return in[1].signum() == 0 ? ONE.negate() : in[0].divide(in[1]);
    }

    private static BigInteger reverse(BigInteger a, int bits) {
        BigInteger result = ZERO;
        for (int i = 0; i < bits; i++) {
            result = a.testBit(i) ? result.setBit(bits - 1 - i) : result;
        }
        return result;
    }

    /** bfe: bits beyond the top are the sign. Positions and lengths count modulo 256. */
    private static BigInteger extract(BigInteger a, BigInteger start, BigInteger count, int bits, boolean signed) {
        int position = start.intValue() & 255;
        int length = count.intValue() & 255;
        if (length == 0) {
            return ZERO;
        }
        BigInteger extended = low(a, bits, signed);
        return low(extended.shiftRight(position), length, signed);
    }

    private static BigInteger insert(BigInteger a, BigInteger b, BigInteger start, int length) {
        int position = start.intValue() & 255;
        BigInteger field = mask(position, length);
        return low(b.andNot(field).or(a.shiftLeft(position).and(field)), 32, false);
    }

    private static BigInteger mask(int start, int length) {
        return ONE.shiftLeft(length).subtract(ONE).shiftLeft(start);
    }

    private static BigInteger dot(
            BigInteger a, int width, BigInteger b, int from, int count, boolean signedA, boolean signedB) {
        BigInteger sum = ZERO;
        for (int i = 0; i < count; i++) {
            sum = sum.add(low(a.shiftRight(width * i), width, signedA)
                    .multiply(low(b.shiftRight(8 * (from + i)), 8, signedB)));
        }
        return sum;
    }

    private static BigInteger funnel(BigInteger... in) {
        return low(in[1], 32, false).shiftLeft(32).or(low(in[0], 32, false));
    }

    private static BigInteger table(BigInteger[] in, int table) {
        BigInteger result = ZERO;
        for (int i = 0; i < 32; i++) {
            int row = (in[0].testBit(i) ? 4 : 0) | (in[1].testBit(i) ? 2 : 0) | (in[2].testBit(i) ? 1 : 0);
            result = (table >> row & 1) != 0 ? result.setBit(i) : result;
        }
        return result;
    }

    private static BigInteger nth(BigInteger mask, int n) {
        int left = n;
        for (int i = 0; i < 32; i++) {
            if (mask.testBit(i) && --left == 0) {
                return BigInteger.valueOf(i);
            }
        }
        return ONE.negate();
    }
}
