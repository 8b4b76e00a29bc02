package org.v4vgpu.device.ptx.runtime;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One conversion of a format of printf, as C writes it. Immutable. Source: ISO C 7.23.6.1.
 *
 * @param flags some of {@code -+ #0}
 * @param precision or -1 where none is given
 * @param length none, hh, h, l, ll, j, z or t
 */
record PrintfField(String flags, int width, int precision, String length, char kind) {
    /** Wider and more precise ones are narrowed to this: the format may come from anybody. */
    static final int WIDEST = 1023;

    private static final Pattern FORM = Pattern.compile("([-+ #0]*)(\\d*)(?:\\.(-?\\d*))?(hh|h|ll|l|j|z|t|)");

    /** @param notes what stands between {@code %} and the kind, without stars; null is answered for what C does not define */
    static @Nullable PrintfField of(String notes, char kind) {
        Matcher form = FORM.matcher(notes);
        if (!form.matches()) {
            return null;
        }
        String precision = form.group(3);
        boolean without = precision == null || precision.startsWith("-");
        return new PrintfField(
                form.group(1), number(form.group(2)), without ? -1 : number(precision), form.group(4), kind);
    }

    private static int number(String digits) {
        return digits.isEmpty() ? 0 : digits.length() > 9 ? WIDEST : Math.min(WIDEST, Integer.parseInt(digits));
    }

    /** Whether the integer that is written has 8 bytes. */
    boolean isWide() {
        return !length.isEmpty() && !length.startsWith("h");
    }

    private boolean has(char flag) {
        return flags.indexOf(flag) >= 0;
    }

    /** d, i, u, x, X and o. */
    String integer(long argument) {
        boolean signed = kind == 'd' || kind == 'i';
        long value = switch (length) {
            case "hh" -> signed ? (byte) argument : argument & 0xFF;
            case "h" -> signed ? (short) argument : argument & 0xFFFF;
            case "" -> signed ? (int) argument : argument & 0xFFFF_FFFFL;
            default -> argument;
        };
        int radix = kind == 'o' ? 8 : kind == 'x' || kind == 'X' ? 16 : 10;
        // The magnitude of the least long is 2^63, as an unsigned number.
        String digits = Long.toUnsignedString(signed && value < 0 ? -value : value, radix);
        if (value == 0 && precision == 0) {
            digits = "";
        }
        digits = "0".repeat(Math.max(0, precision - digits.length())) + digits;
        if (has('#') && kind == 'o' && !digits.startsWith("0")) {
            digits = "0" + digits;
        }
        String prefix = signed ? sign(value < 0) : has('#') && radix == 16 && value != 0 ? "0x" : "";
        String text = padded(prefix, digits, precision < 0);
        return kind == 'X' ? text.toUpperCase(Locale.ROOT) : text;
    }

    /** f, e, g and a, small or capital. */
    String real(double value) {
        String sign = sign(Double.doubleToRawLongBits(value) < 0);
        char small = Character.toLowerCase(kind);
        String text;
        if (Double.isFinite(value)) {
            BigDecimal exact = new BigDecimal(Math.abs(value));
            text = switch (small) {
                case 'f' -> fixed(exact, precision < 0 ? 6 : precision);
                case 'e' -> exponential(exact, precision < 0 ? 6 : precision);
                case 'g' -> general(exact, precision < 0 ? 6 : Math.max(1, precision));
                default -> hexadecimal(Math.abs(value));
            };
            text = small == 'a' ? padded(sign + "0x", text, true) : padded(sign, text, true);
        } else {
            text = padded(sign, Double.isNaN(value) ? "nan" : "inf", false);
        }
        return Character.isUpperCase(kind) ? text.toUpperCase(Locale.ROOT) : text;
    }

    /** s, c and p: of s, the precision is the most characters. */
    String text(String value) {
        return padded(
                "",
                kind == 's' && precision >= 0 && precision < value.length() ? value.substring(0, precision) : value,
                false);
    }

    private String sign(boolean negative) {
        return negative ? "-" : has('+') ? "+" : has(' ') ? " " : "";
    }

    /** @param zeroes whether the flag 0 counts */
    private String padded(String prefix, String digits, boolean zeroes) {
        int missing = Math.max(0, width - prefix.length() - digits.length());
        if (has('-')) {
            return prefix + digits + " ".repeat(missing);
        }
        return zeroes && has('0') ? prefix + "0".repeat(missing) + digits : " ".repeat(missing) + prefix + digits;
    }

    private String fixed(BigDecimal value, int digits) {
        return value.setScale(digits, RoundingMode.HALF_EVEN).toPlainString() + point(digits);
    }

    private String exponential(BigDecimal value, int digits) {
        BigDecimal rounded =
                value.signum() == 0 ? value : value.round(new MathContext(digits + 1, RoundingMode.HALF_EVEN));
        int exponent = exponent(rounded);
        String mantissa = rounded.movePointLeft(exponent)
                .setScale(digits, RoundingMode.UNNECESSARY)
                .toPlainString();
        return mantissa + point(digits) + "e" + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "")
                + Math.abs(exponent);
    }

    /** The shorter of both, without zeroes at the end. */
    private String general(BigDecimal value, int digits) {
        int exponent = value.signum() == 0 ? 0 : exponent(value.round(new MathContext(digits, RoundingMode.HALF_EVEN)));
        if (exponent >= -4 && exponent < digits) {
            return trimmed(fixed(value, digits - 1 - exponent));
        }
        String text = exponential(value, digits - 1);
        int e = text.indexOf('e');
        return trimmed(text.substring(0, e)) + text.substring(e);
    }

    private static int exponent(BigDecimal value) {
        return value.signum() == 0 ? 0 : value.precision() - value.scale() - 1;
    }

    private String point(int digits) {
        return digits == 0 && has('#') ? "." : "";
    }

    private String trimmed(String number) {
        return !has('#') && number.contains(".") ? number.replaceAll("\\.?0+$", "") : number;
    }

    private String hexadecimal(double value) {
        String java =
                precision <= 0 ? Double.toHexString(value) : String.format(Locale.ROOT, "%." + precision + "a", value);
        String text = java.substring(2);
        int p = text.indexOf('p');
        String mantissa = precision <= 0 ? trimmed(text.substring(0, p)) : text.substring(0, p);
        return mantissa + "p" + (text.charAt(p + 1) == '-' ? "" : "+") + text.substring(p + 1);
    }
}
