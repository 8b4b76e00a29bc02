package org.v4vgpu.device.nvrtc;

import java.util.List;

/**
 * How the compiling of a program ended. Immutable.
 *
 * @param ptx empty if it failed
 * @param log what the compiler says, errors and warnings
 * @param loweredNames one per name expression, in their order; empty if it failed
 */
public record Compilation(Result result, String ptx, String log, List<String> loweredNames) {
    public Compilation {
        loweredNames = List.copyOf(loweredNames);
    }

    static Compilation failed(Result result, String log) {
        return new Compilation(result, "", log, List.of());
    }

    /** The nvrtcResults that compiling ends with. Source: NVRTC documentation, error handling. */
    public enum Result {
        SUCCESS(0),
        OUT_OF_MEMORY(1),
        INVALID_INPUT(3),
        INVALID_OPTION(5),
        COMPILATION(6),
        NAME_EXPRESSION_NOT_VALID(10),
        INTERNAL_ERROR(11);

        private final int code;

        Result(int code) {
            this.code = code;
        }

        public int code() {
            return code;
        }

        /** The result with this code; INTERNAL_ERROR for one that this list has not. */
        static Result of(int code) {
            for (Result result : values()) {
                if (result.code == code) {
                    return result;
                }
            }
            return INTERNAL_ERROR;
        }
    }
}
