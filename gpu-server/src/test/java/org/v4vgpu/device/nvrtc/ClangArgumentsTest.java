package org.v4vgpu.device.nvrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Takes no clang. */
final class ClangArgumentsTest {
    /** PTX ISA, release notes: the version that brought the architecture, or 6.3, which is the first with mma. */
    @ParameterizedTest
    @CsvSource({
        "compute_50, sm_50, 63",
        "compute_75, sm_75, 63",
        "sm_80, sm_80, 70",
        "compute_90, sm_90, 78",
        "compute_90a, sm_90a, 80",
        "compute_100, sm_100, 86",
        "sm_100a, sm_100a, 86",
        "compute_100f, sm_100f, 88",
        "compute_101, sm_101, 86",
        "compute_103, sm_103, 88",
        "compute_110, sm_110, 90",
        "compute_120, sm_120, 87",
        "sm_121a, sm_121a, 88",
    })
    void takeTheLowestIsaThatHasTheArchitecture(String asked, String target, String isa) throws Exception {
        List<String> arguments = arguments(asked, "sm_75", target);
        int at = arguments.indexOf("--cuda-gpu-arch=" + target);
        assertTrue(at >= 0, arguments::toString);
        assertEquals("--cuda-feature=+ptx" + isa, arguments.get(at + 1));
    }

    @Test
    void leaveTheIsaOfAnArchitectureOfTheFutureToClang() throws Exception {
        List<String> arguments = arguments("compute_150", "sm_75", "sm_150");
        assertTrue(arguments.contains("--cuda-gpu-arch=sm_150"), arguments::toString);
        assertFalse(arguments.toString().contains("--cuda-feature"), arguments::toString);
    }

    @Test
    void knowNoArchitectureThatTheClangDoesNot() {
        assertThrows(InvalidProgramException.class, () -> arguments("compute_120", "sm_75", "sm_90a"));
    }

    private static List<String> arguments(String architecture, String... targets) throws InvalidProgramException {
        return ClangArguments.of(CompileOptions.of(List.of("-arch=" + architecture)), List.of(targets));
    }
}
