package org.v4vgpu.bench.gpu;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the driver's own tool tells of the GPU and its link. */
final class GpuMachine {
    private static final String FIELDS =
            "name,driver_version,memory.total,pcie.link.gen.max,pcie.link.gen.current,pcie.link.width.current,clocks.max.sm";

    private GpuMachine() {}

    /** Adds to what is known of the machine. */
    static void describe(KitBundle bundle, Map<String, Object> machine, Deadline deadline)
            throws StepException, InterruptedException {
        List<String> command = List.of("nvidia-smi", "--query-gpu=" + FIELDS, "--format=csv,noheader");
        try (KitProcess tool =
                new KitProcess("nvidia-smi", command, bundle.out().resolve("nvidia-smi.log"), deadline)) {
            int gpu = 0;
            for (Optional<String> line = tool.next(); line.isPresent(); line = tool.next()) {
                machine.put("gpu" + gpu++, line.get());
            }
            if (tool.exitCode() != 0) {
                machine.put("gpu", "nvidia-smi ended with exit code " + tool.exitCode());
            }
            machine.put("gpu_fields", FIELDS);
        } catch (IOException e) {
            machine.put("gpu", "no nvidia-smi: " + e.getMessage());
        }
    }
}
