package org.v4vgpu.device.nvrtc;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.nvrtc.Compilation.Result;

/** NVRTC's options in clang's words. Source: Compiling CUDA with clang, LLVM documentation; NVPTX options of LLVM. */
final class ClangArguments {
    /** The last architecture for which ISA 6.3 is enough. */
    private static final int TURING = 75;

    private ClangArguments() {}

    /**
     * The arguments for a program's options.
     *
     * @param targets names of architectures that the clang knows: sm_75, sm_90a
     * @throws InvalidProgramException INVALID_OPTION for what this clang has not, naming it
     */
    static List<String> of(CompileOptions options, List<String> targets) throws InvalidProgramException {
        List<String> arguments = new ArrayList<>(List.of("-O3", "-std=c++17")); // the last one of each counts
        for (String option : options.arguments()) {
            int equals = option.indexOf('=');
            String value = option.substring(equals + 1);
            switch (equals < 0 ? option : option.substring(0, equals)) {
                case "--gpu-architecture" -> arguments.addAll(target(option, value, targets));
                case "--std" -> arguments.add(standard(option, value));
                case "--fmad" -> arguments.add("-ffp-contract=" + (isTrue(value) ? "fast" : "off"));
                case "--ftz" -> {
                    if (isTrue(value)) {
                        arguments.add("-fgpu-flush-denormals-to-zero");
                    }
                }
                case "--prec-div" -> arguments.addAll(backend("nvptx-prec-divf32=" + (isTrue(value) ? 2 : 1)));
                case "--prec-sqrt" -> arguments.addAll(backend("nvptx-prec-sqrtf32=" + (isTrue(value) ? 1 : 0)));
                case "--use_fast_math" -> {
                    arguments.addAll(List.of("-fgpu-flush-denormals-to-zero", "-DV4VGPU_FAST_MATH"));
                    arguments.addAll(backend("nvptx-prec-divf32=1"));
                    arguments.addAll(backend("nvptx-prec-sqrtf32=0"));
                }
                case "--relocatable-device-code" -> {
                    if (isTrue(value)) {
                        arguments.add("-fgpu-rdc");
                    }
                }
                case "--generate-line-info" -> arguments.add("-gline-directives-only");
                case "--device-debug" -> arguments.addAll(List.of("-O0", "-gline-directives-only"));
                case "--disable-warnings" -> arguments.add("-w");
                case "--device-as-default-execution-space" -> arguments.add("-DV4VGPU_DEFAULT_DEVICE");
                // Of ptxas, which nothing runs here, and hints.
                case "--maxrregcount", "--extra-device-vectorization", "--restrict" -> {}
                default ->
                    throw new InvalidProgramException(
                            Result.INVALID_OPTION,
                            "option '" + option + "': clang, which compiles here, has none like it");
            }
        }
        return arguments;
    }

    private static String standard(String option, String value) throws InvalidProgramException {
        if (value.equals("c++03")) {
            throw new InvalidProgramException(
                    Result.INVALID_OPTION,
                    "option '" + option + "': clang, which compiles here, takes c++11 and newer");
        }
        return "-std=" + value;
    }

    private static List<String> target(String option, String value, List<String> targets)
            throws InvalidProgramException {
        String name = value.replace("compute_", "sm_");
        if (!targets.contains(name)) {
            throw new InvalidProgramException(
                    Result.INVALID_OPTION,
                    "option '" + option + "': clang, which compiles here, knows " + String.join(", ", targets));
        }
        String isa = isa(name);
        List<String> arguments = new ArrayList<>(List.of("--cuda-gpu-arch=" + name));
        if (isa != null) {
            arguments.add("--cuda-feature=+ptx" + isa);
        }
        return arguments;
    }

    /**
     * The lowest ISA that has the architecture, without its point: what any driver for it takes. Null for an architecture that came
     * later, where clang has its own choice. Source: PTX ISA, release notes.
     */
    private static @Nullable String isa(String name) {
        return switch (name) {
            case "sm_80" -> "70";
            case "sm_86" -> "71";
            case "sm_87" -> "74";
            case "sm_89", "sm_90" -> "78";
            case "sm_90a" -> "80";
            case "sm_100", "sm_100a", "sm_101", "sm_101a" -> "86";
            case "sm_120", "sm_120a" -> "87";
            case "sm_100f", "sm_101f", "sm_103", "sm_103a", "sm_103f", "sm_120f", "sm_121", "sm_121a", "sm_121f" ->
                "88";
            case "sm_88", "sm_110", "sm_110a", "sm_110f" -> "90";
            default -> number(name) <= TURING ? "63" : null;
        };
    }

    /** 90 of sm_90a. */
    private static int number(String name) {
        return Integer.parseInt(name.replaceAll("\\D", ""));
    }

    private static List<String> backend(String option) {
        return List.of("-mllvm", "-" + option);
    }

    private static boolean isTrue(String value) {
        return value.equals("true");
    }
}
