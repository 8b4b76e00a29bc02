package org.v4vgpu.device.ptx.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What C's printf writes. */
class PrintfFieldTest {
    private static PrintfField field(String format) {
        int last = format.length() - 1;
        return Objects.requireNonNull(PrintfField.of(format.substring(1, last), format.charAt(last)));
    }

    @ParameterizedTest
    @CsvSource(
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "%05u,42,[00042]",
                "%.3d,7,[007]",
                "%.3d,-7,[-007]",
                "%.4x,171,[00ab]",
                "%+x,255,[ff]",
                "%.3u,5,[005]",
                "%hhd,200,[-56]",
                "%hhu,-1,[255]",
                "%hd,40000,[-25536]",
                "%hx,74565,[2345]",
                "%08.3d,5,[     005]",
                "%-8d,5,[5       ]",
                "%+d,5,[+5]",
                "% d,5,[ 5]",
                "%+ d,-5,[-5]",
                "%#x,255,[0xff]",
                "%#X,255,[0XFF]",
                "%#x,0,[0]",
                "%#o,8,[010]",
                "%.0d,0,[]",
                "%#.0o,0,[0]",
                "%06d,-12,[-00012]",
                "%-06d,12,[12    ]",
                "%u,-1,[4294967295]",
                "%o,-1,[37777777777]",
                "%lld,-9223372036854775808,[-9223372036854775808]",
                "%llu,-1,[18446744073709551615]",
                "%lx,-1,[ffffffffffffffff]",
                "%zu,7,[7]",
                "%5d,123456,[123456]",
                "%.d,0,[]",
                "%#06x,10,[0x000a]"
            })
    void integers(String format, long value, String expected) {
        assertEquals(expected, "[" + field(format).integer(value) + "]");
    }

    @ParameterizedTest
    @CsvSource(
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "%f,1.5,[1.500000]",
                "%+g,1.5,[+1.5]",
                "%+f,-0.0,[-0.000000]",
                "%.0f,0.5,[0]",
                "%.0f,1.5,[2]",
                "%.0f,2.5,[2]",
                "%.2f,2.675,[2.67]",
                "%e,12345.678,[1.234568e+04]",
                "%.0e,15.0,[2e+01]",
                "%e,0.0,[0.000000e+00]",
                "%g,100000.0,[100000]",
                "%g,1000000.0,[1e+06]",
                "%g,0.0001,[0.0001]",
                "%g,1e-05,[1e-05]",
                "%G,1e-10,[1E-10]",
                "%#g,1.0,[1.00000]",
                "%.3g,1234.5,[1.23e+03]",
                "%010.3f,-3.14159,[-00003.142]",
                "%-10.1f,2.25,[2.2       ]",
                "% .2e,1e+100,[ 1.00e+100]",
                "%.20f,0.1,[0.10000000000000000555]",
                "%a,1.0,[0x1p+0]",
                "%a,0.1,[0x1.999999999999ap-4]",
                "%.2a,1.0,[0x1.00p+0]",
                "%A,-255.5,[-0X1.FFP+7]",
                "%f,Infinity,[inf]",
                "%08f,-Infinity,[    -inf]",
                "%+E,Infinity,[+INF]",
                "%g,5e-324,[4.94066e-324]",
                "%.17g,0.1,[0.10000000000000001]",
                "%#.0f,3.0,[3.]",
                "%+g,0.0,[+0]",
                "%g,123456789.0,[1.23457e+08]",
                "%.0g,0.00015,[0.0001]",
                "%g,999999.5,[1e+06]"
            })
    void reals(String format, double value, String expected) {
        assertEquals(expected, "[" + field(format).real(value) + "]");
    }

    @Test
    void textsAndWhatIsNoFormat() {
        assertEquals("   ab", field("%5.2s").text("abc"));
        assertEquals("abc  ", field("%-5s").text("abc"));
        assertEquals("a", field("%c").text("a"));
        assertEquals(PrintfField.WIDEST, field("%99999999999d").integer(1).length());
        assertNull(PrintfField.of("5-", 'd'));
        assertNull(PrintfField.of("lh", 'd'));
    }
}
