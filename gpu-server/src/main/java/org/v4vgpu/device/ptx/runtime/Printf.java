package org.v4vgpu.device.ptx.runtime;

import java.util.Locale;
import java.util.regex.Pattern;
import org.v4vgpu.proto.CudaStatus;

/**
 * printf of a kernel. Arguments lie packed behind each other, 4-byte ones at multiples of 4 and 8-byte ones at multiples of 8. Output
 * of one call stays together. Source: CUDA C++ programming guide, 10.32.
 */
public final class Printf {
    private static final int LONGEST = 4096;
    private static final int WIDEST = 1023;
    private static final Pattern NUMBER = Pattern.compile("\\d+");

    private final ThreadBlock block;
    private final int localBase;
    private long argument;
    private int arguments;

    private Printf(ThreadBlock block, int localBase, long argument) {
        this.block = block;
        this.localBase = localBase;
        this.argument = argument;
    }

    /** The extern function vprintf. Returns the number of arguments. */
    public static int vprintf(ThreadBlock block, int localBase, long format, long arguments) {
        Printf printf = new Printf(block, localBase, arguments);
        String text = printf.format(printf.string(format));
        block.output().append(text);
        return printf.arguments;
    }

    /** The extern function __assertfail: ends the kernel. */
    public static void assertFail(
            ThreadBlock block, int localBase, long message, long file, int line, long function, long characterBytes) {
        if (characterBytes != 1) {
            throw new KernelFault(CudaStatus.ASSERT, "assertion failed");
        }
        Printf reader = new Printf(block, localBase, 0);
        throw new KernelFault(
                CudaStatus.ASSERT,
                "assertion `" + reader.string(message) + "` failed in " + reader.string(function) + " at "
                        + reader.string(file) + ":" + line);
    }

    private String format(String format) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%') {
                text.append(c);
                continue;
            }
            int end = i + 1;
            while (end < format.length() && "-+ #0123456789.*lhjzt".indexOf(format.charAt(end)) >= 0) {
                end++;
            }
            if (end >= format.length()) {
                return text.append(format, i, end).toString();
            }
            text.append(conversion(format.substring(i + 1, end), format.charAt(end)));
            i = end;
        }
        return text.toString();
    }

    private String conversion(String notes, char kind) {
        if (kind == '%') {
            return "%";
        }
        String flags = notes;
        for (int star = flags.indexOf('*'); star >= 0; star = flags.indexOf('*')) {
            flags = flags.substring(0, star) + (int) next(4) + flags.substring(star + 1);
        }
        boolean wide = flags.contains("l") || flags.contains("j") || flags.contains("z") || flags.contains("t");
        flags = clamp(flags.replaceAll("[lhjzt]", ""));
        try {
            return switch (kind) {
                case 'd', 'i' -> padded(flags, "d", wide ? next(8) : (long) (int) next(4));
                case 'u' -> pad(flags, Long.toUnsignedString(wide ? next(8) : next(4) & 0xFFFF_FFFFL));
                case 'x', 'X', 'o' -> padded(flags, String.valueOf(kind), wide ? next(8) : next(4) & 0xFFFF_FFFFL);
                case 'c' -> pad(flags, String.valueOf((char) (next(4) & 0xFF)));
                case 'p' -> pad(flags, "0x" + Long.toHexString(next(8)));
                case 's' -> pad(flags, string(next(8)));
                case 'f', 'F', 'e', 'E', 'g', 'G', 'a', 'A' -> real(flags, kind, Double.longBitsToDouble(next(8)));
                default -> "%" + notes + kind;
            };
        } catch (java.util.IllegalFormatException _) {
            return "%" + notes + kind;
        }
    }

    /** Limits width and precision. */
    private static String clamp(String flags) {
        return NUMBER.matcher(flags).replaceAll(number -> {
            String digits = number.group();
            boolean most = digits.length() > 9 || Integer.parseInt(digits) > WIDEST;
            return most ? (digits.startsWith("0") ? "0" : "") + WIDEST : digits;
        });
    }

    private static String padded(String flags, String kind, long value) {
        return String.format(Locale.ROOT, "%" + flags + kind, value);
    }

    private static String pad(String flags, String value) {
        return String.format(Locale.ROOT, "%" + flags.replaceAll("[+ #]", "").replaceAll("^0+", "") + "s", value);
    }

    private static String real(String flags, char kind, double value) {
        if (!Double.isFinite(value)) {
            String name = Double.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
            return pad(flags.replaceAll("\\..*", ""), name);
        }
        char java = kind == 'F' ? 'f' : kind == 'E' ? 'E' : kind;
        return java == 'g' || java == 'G'
                ? shortest(flags, java, value)
                : String.format(Locale.ROOT, "%" + flags + java, value);
    }

    /** C's %g: the shorter of %e and %f, without zeroes at the end. */
    private static String shortest(String flags, char kind, double value) {
        int dot = flags.indexOf('.');
        int precision = dot < 0 ? 6 : dot + 1 == flags.length() ? 0 : Integer.parseInt(flags.substring(dot + 1));
        precision = Math.clamp(precision, 1, 100);
        String digits = String.format(Locale.ROOT, "%." + (precision - 1) + "e", value);
        int exponent = value == 0 ? 0 : Integer.parseInt(digits.substring(digits.indexOf('e') + 1));
        String text;
        if (exponent < -4 || exponent >= precision) {
            String mantissa = digits.substring(0, digits.indexOf('e'));
            text = trimZeroes(mantissa) + digits.substring(digits.indexOf('e'));
        } else {
            text = trimZeroes(String.format(Locale.ROOT, "%." + (precision - 1 - exponent) + "f", value));
        }
        text = kind == 'G' ? text.toUpperCase(Locale.ROOT) : text;
        return pad(dot < 0 ? flags : flags.substring(0, dot), text);
    }

    private static String trimZeroes(String number) {
        return number.contains(".") ? number.replaceAll("\\.?0+$", "") : number;
    }

    private long next(int bytes) {
        arguments++;
        argument = argument + bytes - 1 & -bytes;
        long value = GenericAccess.get(block, localBase, argument, bytes);
        argument += bytes;
        return value;
    }

    private String string(long address) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < LONGEST; i++) {
            int c = (int) GenericAccess.get(block, localBase, address + i, 1) & 0xFF;
            if (c == 0) {
                return text.toString();
            }
            text.append((char) c);
        }
        return text.toString();
    }
}
