package org.v4vgpu.bench.gpu;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The tests that every device passes, on this GPU, in a process of their own. */
record ContractStep(KitBundle bundle) {
    private static final String TESTS = "org.v4vgpu.device.cuda.ContractRun";
    private static final String PROGRAM = "org.v4vgpu.device.cuda.DriverProgram";

    void run(Deadline deadline) throws IOException, StepException, InterruptedException {
        try (KitProcess tests = start("the tests", deadline, bundle.tests(TESTS))) {
            for (String line : lines(tests)) {
                GpuKit.say("   " + line);
            }
            if (tests.exitCode() != 0) {
                throw tests.ended();
            }
        }
    }

    /** A kernel writes where it may not: the device must say so, and this process must not notice. */
    void fault(Deadline deadline) throws IOException, StepException, InterruptedException {
        try (KitProcess program = start("the program", deadline, bundle.tests(PROGRAM, "fault"))) {
            List<String> lines = lines(program);
            lines.forEach(line -> GpuKit.say("   " + line));
            if (!lines.contains("told: 700") || !lines.contains("await: 700")) {
                throw new StepException("an illegal address was not told as error 700");
            }
        }
    }

    private KitProcess start(String name, Deadline deadline, List<String> command) throws IOException {
        return new KitProcess(name, command, bundle.out().resolve("contract.log"), deadline);
    }

    private static List<String> lines(KitProcess process) throws StepException, InterruptedException {
        List<String> lines = new ArrayList<>();
        for (Optional<String> line = process.next(); line.isPresent(); line = process.next()) {
            lines.add(line.get());
        }
        return lines;
    }
}
