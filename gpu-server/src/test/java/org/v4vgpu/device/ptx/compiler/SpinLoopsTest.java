package org.v4vgpu.device.ptx.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.KernelFiles;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Parser;
import org.v4vgpu.device.ptx.syntax.PtxModule;

class SpinLoopsTest {
    private static List<String> spinning(String file) throws DeviceException {
        PtxModule module = Parser.parse(KernelFiles.text(file));
        ModuleLayout layout = new ModuleLayout(module);
        List<String> found = new ArrayList<>();
        for (Function function : module.functions()) {
            if (function.entry() && SpinLoops.has(Inliner.inline(function, layout), layout)) {
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
}
