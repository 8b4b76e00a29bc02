package org.v4vgpu.device.ptx.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.KernelFiles;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Parser;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.PtxModule;

class SpinLoopsTest {
    private static List<String> spinning(String file) throws DeviceException {
        PtxModule module = Parser.parse(KernelFiles.text(file));
        ModuleLayout layout = new ModuleLayout(module);
        List<String> found = new ArrayList<>();
        for (Function function : module.functions()) {
            CompileBudget budget = new CompileBudget();
            if (function.entry() && SpinLoops.has(Inliner.inline(function, layout, budget), layout, budget)) {
                found.add(function.name());
            }
        }
        return found;
    }

    /** What retries a compare-and-swap with what it has read succeeds in the end: it must not pay for waiting. */
    @Test
    void ordinaryLoopsDoNotSpin() throws DeviceException {
        for (String file : KernelFiles.NAMES) {
            assertEquals(List.of(), spinning(file), file);
        }
        assertEquals(List.of(), spinning("full/half"));
        assertEquals(List.of(), spinning("full/async"));
        assertEquals(List.of(), spinning("full/wmma"));
    }

    @Test
    void locksFlagsAndBarriersSpin() throws DeviceException {
        assertEquals(
                List.of("spin_lock", "chain"),
                spinning("full/spin").stream().sorted((a, b) -> b.compareTo(a)).toList());
        assertEquals(List.of("grid_rotate"), spinning("full/grid"));
        assertEquals(List.of("barrier_ring"), spinning("full/barrier"));
        assertEquals(List.of("debug_reduce"), spinning("full/debug"));
    }

    /** Also what comes before any method is made, for each function that is looked at. */
    @Test
    void lookingTakesPartInTheTimeOfCompiling() throws DeviceException {
        PtxModule module = Parser.parse(KernelFiles.text("full/spin"));
        ModuleLayout layout = new ModuleLayout(module);
        CompileBudget none = new CompileBudget(0);
        assertTrue(none.isSpent());
        for (Function function : module.functions()) {
            PtxErrors.Refusal refusal =
                    assertThrows(PtxErrors.Refusal.class, () -> Inliner.inline(function, layout, none));
            assertEquals(function.name() + ": compiling the module takes more than 0 seconds", refusal.getMessage());
            if (SpinLoops.has(function, layout, new CompileBudget())) {
                assertThrows(PtxErrors.Refusal.class, () -> SpinLoops.mark(function, layout, none));
            }
        }
    }
}
