package org.v4vgpu.server;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A number of bytes as people write it: {@code 4096}, {@code 512M}, {@code 2GiB}; the units are powers of 1024. */
public record ByteSize(long bytes) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,18})\\s*(?:([KMGT])(?:I?B)?|B)?");
    private static final String UNITS = "KMGT";

    /** @throws IllegalArgumentException with one line that says what the forms are */
    public static ByteSize parse(String text) {
        Matcher form = FORM.matcher(text.strip().toUpperCase(Locale.ROOT));
        if (form.matches()) {
            int power = form.group(2) == null ? 0 : UNITS.indexOf(form.group(2).charAt(0)) + 1;
            long count = Long.parseLong(form.group(1));
            if (count > 0 && count <= Long.MAX_VALUE >> 10 * power) {
                return new ByteSize(count << 10 * power);
            }
        }
        throw new IllegalArgumentException("'" + text + "' is no size; use a positive number of bytes, or 512M, 2G");
    }

    /** For picocli. */
    static final class Converter implements ITypeConverter<ByteSize> {
        @Override
        public ByteSize convert(String text) {
            try {
                return parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
