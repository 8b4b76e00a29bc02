package org.v4vgpu.device.ptx.runtime;

import org.v4vgpu.proto.CudaStatus;

/**
 * printf of a kernel. Arguments lie packed behind each other, 4-byte ones at multiples of 4 and 8-byte ones at multiples of 8. Output
 * of one call stays together. Source: CUDA C++ programming guide, 10.32.
 */
public final class Printf {
    private static final int LONGEST = 4096;

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
        PrintfField field = PrintfField.of(flags, kind);
        if (field == null) {
            return "%" + notes + kind;
        }
        return switch (kind) {
            case 'd', 'i', 'u', 'x', 'X', 'o' -> field.integer(next(field.isWide() ? 8 : 4));
            case 'c' -> field.text(String.valueOf((char) (next(4) & 0xFF)));
            case 'p' -> field.text("0x" + Long.toHexString(next(8)));
            case 's' -> field.text(stringOrNull(next(8)));
            case 'f', 'F', 'e', 'E', 'g', 'G', 'a', 'A' -> field.real(Double.longBitsToDouble(next(8)));
            default -> "%" + notes + kind;
        };
    }

    private long next(int bytes) {
        arguments++;
        argument = argument + bytes - 1 & -bytes;
        long value = GenericAccess.get(block, localBase, argument, bytes);
        argument += bytes;
        return value;
    }

    /** As C libraries print a null pointer, rather than to end the kernel. */
    private String stringOrNull(long address) {
        return address == 0 ? "(null)" : string(address);
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
