package org.v4vgpu.server;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A span of time as people write it: {@code 500ms}, {@code 30s}, {@code 10m}, {@code 2h}; {@code 0} is no limit.
 *
 * @param duration null for no limit
 */
record TimeLimit(@Nullable Duration duration) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,6})\\s*(ms|s|m|h)?");

    /**
     * Reads a limit.
     *
     * @throws IllegalArgumentException with one line that says what the forms are
     */
    static TimeLimit parse(String text) {
        Matcher form = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (form.matches()) {
            long count = Long.parseLong(form.group(1));
            String unit = form.group(2);
            if (count == 0) {
                return new TimeLimit(null);
            }
            if (unit != null) {
                return new TimeLimit(
                        switch (unit) {
                            case "ms" -> Duration.ofMillis(count);
                            case "s" -> Duration.ofSeconds(count);
                            case "m" -> Duration.ofMinutes(count);
                            default -> Duration.ofHours(count);
                        });
            }
        }
        throw new IllegalArgumentException("'" + text + "' is no time; use 500ms, 30s, 10m, 2h, or 0 for no limit");
    }

    /** For picocli. */
    static final class Converter implements ITypeConverter<TimeLimit> {
        @Override
        public TimeLimit convert(String text) {
            try {
                return parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
