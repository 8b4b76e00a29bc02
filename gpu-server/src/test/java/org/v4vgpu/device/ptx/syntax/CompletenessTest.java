package org.v4vgpu.device.ptx.syntax;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.ptx.InstructionRecord;

/**
 * That every opcode of {@link InstructionSet} was run, with every type and every modifier that its line holds, by the tests that hold
 * results against a reference. Comes last, as junit-platform.properties says, and means something only where those have run.
 */
@Order(Integer.MAX_VALUE)
class CompletenessTest {
    private static final List<String> TESTS = List.of(
            "InstructionTest",
            "WordsTest",
            "IntegerTest",
            "FloatingPointTest",
            "ConversionTest",
            "AtomicTest",
            "AsyncTest",
            "BarrierTest",
            "MatrixTest",
            "VectorAccessTest",
            "FunctionTest",
            "WarpKernelTest",
            "BlockKernelTest",
            "FullKernelTest");

    @Test
    void everyWordOfTheTableWasRun() {
        assumeTrue(InstructionRecord.tests().containsAll(TESTS), "not all tests of instructions have run");
        Set<String> missing = new TreeSet<>();
        for (Map.Entry<String, Set<String>> form : InstructionSet.words().entrySet()) {
            missing.add(form.getKey());
            form.getValue().forEach(word -> missing.add(form.getKey() + " " + word));
        }
        missing.removeAll(InstructionRecord.run());
        assertEquals(Set.of(), missing);
    }
}
