package org.v4vgpu.device.ptx.syntax;

/** Constants as PTX writes them. Source: PTX ISA 4.5. */
final class Literals {
    private Literals() {}

    static Operand operand(String text, boolean negative, int line) {
        try {
            if (text.length() == 10 && (text.startsWith("0f") || text.startsWith("0F"))) {
                float value = Float.intBitsToFloat(Integer.parseUnsignedInt(text, 2, 10, 16));
                return new Operand.RealLiteral(negative ? -value : value);
            }
            if (text.length() == 18 && (text.startsWith("0d") || text.startsWith("0D"))) {
                double value = Double.longBitsToDouble(Long.parseUnsignedLong(text, 2, 18, 16));
                return new Operand.RealLiteral(negative ? -value : value);
            }
            boolean hex = text.startsWith("0x") || text.startsWith("0X");
            if (!hex && (text.indexOf('.') >= 0 || text.indexOf('e') >= 0 || text.indexOf('E') >= 0)) {
                double value = Double.parseDouble(text);
                return new Operand.RealLiteral(negative ? -value : value);
            }
        } catch (NumberFormatException _) {
            throw new PtxErrors.Refusal(line, text + ": not a number");
        }
        long value = integer(text, line);
        return new Operand.IntegerLiteral(negative ? -value : value);
    }

    static long integer(String text, int line) {
        String digits = text.endsWith("U") ? text.substring(0, text.length() - 1) : text;
        try {
            if (digits.startsWith("0x") || digits.startsWith("0X")) {
                return Long.parseUnsignedLong(digits.substring(2), 16);
            }
            if (digits.startsWith("0b") || digits.startsWith("0B")) {
                return Long.parseUnsignedLong(digits.substring(2), 2);
            }
            if (digits.length() > 1 && digits.startsWith("0")) {
                return Long.parseUnsignedLong(digits, 8);
            }
            return Long.parseUnsignedLong(digits);
        } catch (NumberFormatException _) {
            throw new PtxErrors.Refusal(line, text + ": not an integer");
        }
    }
}
