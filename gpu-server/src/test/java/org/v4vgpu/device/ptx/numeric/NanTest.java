package org.v4vgpu.device.ptx.numeric;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;

/** The bits of NaNs: which instructions give the pattern of results, and which leave bits alone. */
class NanTest {
    private static final long RESULT = 0x7FFF_FFFFL;

    /** Of all signs, quiet and signalling; and numbers that become one. */
    private static final long[] NANS = {0x7FC0_0000L, 0xFFC0_0000L, 0x7F80_0001L, 0xFFFF_FFFFL, 0x7FC1_2345L, RESULT};

    private static List<long[]> rows() {
        List<long[]> rows = new ArrayList<>();
        for (long nan : NANS) {
            for (long other : NANS) {
                rows.add(new long[] {nan, other, 0x3F80_0000L});
            }
        }
        return rows;
    }

    /** Every instruction of single precision that may give one, of NaNs. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "add.f32 %d, %a, %c",
                "add.rz.f32 %d, %c, %a",
                "sub.f32 %d, %c, %a",
                "mul.f32 %d, %a, %b",
                "mul.ftz.f32 %d, %a, %c",
                "mad.rn.f32 %d, %a, %b, %c",
                "fma.rn.f32 %d, %c, %c, %a",
                "fma.rp.f32 %d, %a, %b, %c",
                "div.rn.f32 %d, %a, %c",
                "div.approx.f32 %d, %c, %a",
                "div.full.f32 %d, %a, %b",
                "rcp.rn.f32 %d, %a",
                "rcp.approx.ftz.f32 %d, %a",
                "sqrt.rn.f32 %d, %a",
                "sqrt.approx.f32 %d, %a",
                "rsqrt.approx.f32 %d, %a",
                "sin.approx.f32 %d, %a",
                "cos.approx.f32 %d, %a",
                "ex2.approx.f32 %d, %a",
                "lg2.approx.f32 %d, %a",
                "tanh.approx.f32 %d, %a",
                "neg.f32 %d, %a",
                "abs.ftz.f32 %d, %a",
                "min.f32 %d, %a, %b",
                "max.f32 %d, %a, %b",
                "min.NaN.f32 %d, %a, %c",
                "max.NaN.f32 %d, %c, %a",
                "max.xorsign.abs.f32 %d, %a, %b",
                "cvt.rni.f32.f32 %d, %a",
                "cvt.rzi.ftz.f32.f32 %d, %a"
            })
    void resultsHaveOnePattern(String ptx) throws DeviceException {
        for (long bits : NumericBench.run(ptx + ";", List.of("f32", "f32", "f32", "f32"), rows())) {
            assertEquals(Long.toHexString(RESULT), Long.toHexString(bits));
        }
    }

    /** Those that come of numbers: the processor has a negative one for them. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sub.f32 %d, %a, %a; | 7f800000",
                "mul.f32 %d, %a, %b; | 7f800000, 0",
                "fma.rn.f32 %d, %a, %b, %a; | 7f800000, bf800000",
                "div.rn.f32 %d, %a, %a; | 0",
                "sqrt.rn.f32 %d, %a; | bf800000",
                "rsqrt.approx.f32 %d, %a; | bf800000",
                "lg2.approx.f32 %d, %a; | bf800000",
                "sin.approx.f32 %d, %a; | 7f800000"
            })
    void resultsOfNumbersHaveIt(String ptx, String operands) throws DeviceException {
        long[] row = new long[3];
        String[] words = operands.split(", ", -1);
        for (int i = 0; i < words.length; i++) {
            row[i] = Long.parseLong(words[i], 16);
        }
        long[] found = NumericBench.run(ptx, List.of("f32", "f32", "f32", "f32"), List.<long[]>of(row));
        assertEquals(Long.toHexString(RESULT), Long.toHexString(found[0]));
    }

    /** Wherever bits become visible, the result of arithmetic has its pattern. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "add.f32 %f, %a, %c; mov.f32 %v, %f; mul.f32 %v, %v, %c; mov.b32 %d, %v;",
                "add.f32 %f, %a, %c; mov.b32 %d, %f;",
                "add.f32 %f, %a, %c; setp.nan.f32 %z, %f, %f; selp.b32 %d, %f, 0, %z;",
                "add.f32 %f, %a, %c; mov.b64 %l, {%f, %f}; mov.b64 {%u, %d}, %l;",
                "add.f32 %f, %a, %c; shfl.sync.idx.b32 %d, %f, 0, 31, -1;",
                "mov.b32 %f, %a; add.f32 %f, %f, %c; mov.b32 %d, %f;",
                "mov.f32 %f, 0f00000000; add.f32 %f, %f, %a; mov.b32 %d, %f;",
                "add.f32 %f, %a, %c; slct.f32.s32 %v, %f, %c, 0; mov.b32 %d, %v;",
                "add.f32 %f, %a, %c; copysign.f32 %v, %c, %f; mov.b32 %d, %v;",
                "add.f32 %f, %a, %c; mov.b32 %u, %f; and.b32 %d, %u, -1;",
                "cvt.f64.f32 %e, %a; cvt.rn.f32.f64 %f, %e; mov.b32 %d, %f;",
                "cvt.rn.f16.f32 %h, %a; cvt.f32.f16 %f, %h; mov.b32 %d, %f;"
            })
    void bitsThatAreSeenAreThePattern(String ptx) throws DeviceException {
        String declarations = ".reg .f32 %f, %v; .reg .f64 %e; .reg .b32 %u; .reg .b64 %l; .reg .pred %z; ";
        for (long bits : NumericBench.run(declarations + ptx, List.of("b32", "b32", "b32", "f32"), rows())) {
            assertEquals(Long.toHexString(RESULT), Long.toHexString(bits));
        }
    }

    /** Two that see a sign or a payload, although they compute: of a NaN that the processor has as 0xFFC00000. */
    @Test
    void signAndPayloadOfAResultAreSeenAsThePattern() throws DeviceException {
        List<long[]> row = List.<long[]>of(new long[] {0x7F80_0000L, 0x4040_0000L});
        List<String> types = List.of("b32", "f32", "f32");
        String nan = ".reg .f32 %f, %v; .reg .f64 %e; .reg .b32 %u; sub.f32 %f, %a, %a; ";
        for (String ptx : List.of(
                "max.xorsign.abs.f32 %v, %f, %b; mov.b32 %d, %v;", "min.xorsign.abs.f32 %v, %b, %f; mov.b32 %d, %v;")) {
            assertEquals("40400000", Long.toHexString(NumericBench.run(nan + ptx, types, row)[0]), ptx);
        }
        String high = "cvt.f64.f32 %e, %f; mov.b64 {%u, %d}, %e;";
        assertEquals("7fffffff", Long.toHexString(NumericBench.run(nan + high, types, row)[0]));
        String low = "cvt.f64.f32 %e, %f; mov.b64 {%d, %u}, %e;";
        assertEquals("e0000000", Long.toHexString(NumericBench.run(nan + low, types, row)[0]));
    }

    /** What only moves floats leaves NaNs as they are, also in registers that hold results at other times. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "mov.f32 %d, %a;",
                "mov.f32 %f, %a; mov.f32 %d, %f;",
                "setp.eq.f32 %z, %a, %b; selp.f32 %d, %b, %a, %z;",
                "mov.f32 %f, %a; setp.eq.f32 %z, %f, %f; @%z add.f32 %f, %f, %c; mov.f32 %d, %f;"
            })
    void movesKeepTheBits(String ptx) throws DeviceException {
        List<long[]> rows = rows();
        long[] found =
                NumericBench.run(".reg .f32 %f; .reg .pred %z; " + ptx, List.of("f32", "f32", "f32", "f32"), rows);
        for (int i = 0; i < found.length; i++) {
            assertEquals(Long.toHexString(rows.get(i)[0]), Long.toHexString(found[i]));
        }
    }

    /** Minimum and maximum of a number and a NaN are the number, and so is what saturates. */
    @Test
    void numbersWinOverNans() throws DeviceException {
        List<String> types = List.of("f32", "f32", "f32", "f32");
        for (String ptx : List.of("min.f32 %d, %a, %c;", "max.f32 %d, %c, %a;")) {
            for (long bits : NumericBench.run(ptx, types, rows())) {
                assertEquals(0x3F80_0000L, bits);
            }
        }
        for (long bits : NumericBench.run("add.sat.f32 %d, %a, %c;", types, rows())) {
            assertEquals(0, bits);
        }
    }

    /** Halves have 0x7FFF, tf32 the pattern of single precision, 8 bits 0x7F. */
    @Test
    void narrowFormatsHaveTheirs() throws DeviceException {
        for (String ptx : List.of("cvt.rn.f16.f32 %h, %a;", "cvt.rn.bf16.f32 %h, %a;")) {
            for (long bits : NumericBench.run(ptx + " mov.b32 %d, {%h, %h};", List.of("b32", "f32"), rows())) {
                assertEquals(0x7FFF_7FFFL, bits);
            }
        }
        for (long bits : NumericBench.run("cvt.rna.tf32.f32 %d, %a;", List.of("b32", "f32"), rows())) {
            assertEquals(RESULT, bits);
        }
        for (long bits : NumericBench.run(
                "cvt.rn.satfinite.e4m3x2.f32 %h, %a, %a; mov.b32 %d, {%h, %h};", List.of("b32", "f32"), rows())) {
            assertEquals(0x7F7F_7F7FL, bits);
        }
    }

    /** Double precision has no pattern: a NaN operand stays what it is, but quiet. */
    @Test
    void doublesKeepTheirPayload() throws DeviceException {
        List<long[]> rows = List.of(
                new long[] {0x7FF8_0000_1234_5678L, 0x3FF0_0000_0000_0000L}, new long[] {0xFFF8_0000_0000_0001L, 0});
        long[] found = NumericBench.run("add.f64 %d, %a, %b;", List.of("f64", "f64", "f64"), rows);
        for (int i = 0; i < found.length; i++) {
            assertEquals(Long.toHexString(rows.get(i)[0]), Long.toHexString(found[i]));
        }
    }
}
