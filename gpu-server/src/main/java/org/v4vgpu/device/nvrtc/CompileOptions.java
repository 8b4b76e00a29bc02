package org.v4vgpu.device.nvrtc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.v4vgpu.device.nvrtc.Compilation.Result;

/**
 * The options of a program, checked: those that NVRTC documents and that can do no harm. Immutable.
 *
 * <p>Macros become lines in front of the program instead of arguments, so that none of their text comes near a shell. Source: NVRTC
 * documentation, supported compile options.
 *
 * @param arguments for the compiler, in the spelling that nvcc and libnvrtc share
 * @param prologue lines that belong in front of the program
 */
record CompileOptions(List<String> arguments, List<String> prologue) {
    private static final String ARCHITECTURE = "--gpu-architecture";
    private static final String DEFINE = "--define-macro";
    private static final String UNDEFINE = "--undefine-macro";
    private static final String PRE_INCLUDE = "--pre-include";

    /** What CUDA 13 takes for itself. */
    private static final String DEFAULT_ARCHITECTURE = "compute_75";

    private static final Map<String, String> SHORT = Map.ofEntries(
            Map.entry("-arch", ARCHITECTURE),
            Map.entry("-D", DEFINE),
            Map.entry("-U", UNDEFINE),
            Map.entry("-include", PRE_INCLUDE),
            Map.entry("-std", "--std"),
            Map.entry("-rdc", "--relocatable-device-code"),
            Map.entry("-G", "--device-debug"),
            Map.entry("-lineinfo", "--generate-line-info"),
            Map.entry("-maxrregcount", "--maxrregcount"),
            Map.entry("-ftz", "--ftz"),
            Map.entry("-prec-sqrt", "--prec-sqrt"),
            Map.entry("-prec-div", "--prec-div"),
            Map.entry("-fmad", "--fmad"),
            Map.entry("-use_fast_math", "--use_fast_math"),
            Map.entry("-extra-device-vectorization", "--extra-device-vectorization"),
            Map.entry("-restrict", "--restrict"),
            Map.entry("-w", "--disable-warnings"),
            Map.entry("-default-device", "--device-as-default-execution-space"),
            Map.entry("-I", "--include-path"));

    private static final Pattern SWITCH = Pattern.compile("true|false");

    /** Options with a value, and what the value may be. */
    private static final Map<String, Pattern> VALUES = Map.ofEntries(
            Map.entry(ARCHITECTURE, Pattern.compile("(compute|sm)_\\d{2,3}[af]?")),
            Map.entry(
                    DEFINE, Pattern.compile("[A-Za-z_]\\w{0,1000}(\\([\\w, .]{0,1000}\\))?(=[^\\n\\r\\\\]{0,60000})?")),
            Map.entry(UNDEFINE, Pattern.compile("[A-Za-z_]\\w{0,1000}")),
            Map.entry(PRE_INCLUDE, Pattern.compile("[\\w.+/-]{1,200}")),
            Map.entry("--std", Pattern.compile("c\\+\\+(03|11|14|17|20)")),
            Map.entry("--relocatable-device-code", SWITCH),
            Map.entry("--maxrregcount", Pattern.compile("\\d{1,3}")),
            Map.entry("--ftz", SWITCH),
            Map.entry("--prec-sqrt", SWITCH),
            Map.entry("--prec-div", SWITCH),
            Map.entry("--fmad", SWITCH));

    private static final List<String> FLAGS = List.of(
            "--device-debug",
            "--generate-line-info",
            "--use_fast_math",
            "--extra-device-vectorization",
            "--restrict",
            "--disable-warnings",
            "--device-as-default-execution-space");

    /** What is refused for a reason that is worth telling. */
    private static final Map<String, String> REFUSED = Map.of(
            "--include-path",
            "directories of the server are not for clients: give headers to nvrtcCreateProgram; CUDA's own are found"
                    + " without",
            "--device-c",
            "a program becomes one PTX module",
            "-dc",
            "a program becomes one PTX module",
            "-dlto",
            "a program becomes PTX");

    /** @throws InvalidProgramException INVALID_OPTION, naming the option */
    static CompileOptions of(List<String> options) throws InvalidProgramException {
        List<String> arguments = new ArrayList<>();
        List<String> prologue = new ArrayList<>();
        String architecture = DEFAULT_ARCHITECTURE;
        for (int i = 0; i < options.size(); i++) {
            String option = options.get(i).strip();
            String name = nameOf(option);
            String known = SHORT.getOrDefault(name, name);
            Pattern values = VALUES.get(known);
            if (values == null) {
                requireFlag(known, option, name);
                arguments.add(known);
                continue;
            }
            String value;
            if (option.length() > name.length()) {
                value = option.substring(name.length() + (option.charAt(name.length()) == '=' ? 1 : 0));
            } else if (i + 1 < options.size()) {
                value = options.get(++i).strip();
            } else {
                throw invalid(option, "it wants a value");
            }
            if (!values.matcher(value).matches()) {
                throw invalid(option, "'" + value + "' is no value for it");
            }
            switch (known) {
                case ARCHITECTURE -> architecture = value;
                case DEFINE -> prologue.add(definition(value));
                case UNDEFINE -> prologue.add("#undef " + value);
                case PRE_INCLUDE -> prologue.add("#include \"" + value + "\"");
                default -> arguments.add(known + "=" + value);
            }
        }
        arguments.addFirst(ARCHITECTURE + "=" + architecture);
        return new CompileOptions(List.copyOf(arguments), List.copyOf(prologue));
    }

    boolean has(String argument) {
        return arguments.contains(argument);
    }

    /** The option without its value: {@code -DX=1}, {@code -std=c++17} and {@code -arch} stand for {@code -D}, {@code -std}, {@code -arch}. */
    private static String nameOf(String option) {
        if (!option.startsWith("--") && option.length() > 2 && "DUI".indexOf(option.charAt(1)) >= 0) {
            return option.substring(0, 2);
        }
        int equals = option.indexOf('=');
        return equals < 0 ? option : option.substring(0, equals);
    }

    private static void requireFlag(String known, String option, String name) throws InvalidProgramException {
        String why = REFUSED.get(known);
        if (why != null) {
            throw invalid(option, why);
        }
        if (!FLAGS.contains(known) || !option.equals(name)) {
            throw invalid(option, "it is unknown, or not supported here");
        }
    }

    private static String definition(String value) {
        int equals = value.indexOf('=');
        return equals < 0
                ? "#define " + value + " 1"
                : "#define " + value.substring(0, equals) + " " + value.substring(equals + 1);
    }

    private static InvalidProgramException invalid(String option, String why) {
        return new InvalidProgramException(Result.INVALID_OPTION, "option '" + option + "': " + why);
    }
}
