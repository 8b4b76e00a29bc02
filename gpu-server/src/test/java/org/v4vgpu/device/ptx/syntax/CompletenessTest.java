package org.v4vgpu.device.ptx.syntax;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.ptx.InstructionRecord;

/**
 * That every opcode of {@link InstructionSet} was run with every type that it takes, and with each of these every modifier that changes
 * what is computed, by the tests that hold results against a reference. Comes last, as junit-platform.properties says, and means something only where those have run.
 */
@Order(Integer.MAX_VALUE)
class CompletenessTest {
    private static final List<String> TESTS = List.of(
            "InstructionTest",
            "LoadStoreTest",
            "ComparisonTest",
            "ConversionGridTest",
            "VideoTest",
            "WarpWordsTest",
            "IntegerTest",
            "FloatingPointTest",
            "ConversionTest",
            "AtomicTest",
            "AsyncTest",
            "BarrierTest",
            "MatrixMoveTest",
            "MatrixTest",
            "VectorAccessTest",
            "FunctionTest",
            "WarpKernelTest",
            "BlockKernelTest",
            "FullKernelTest");

    /** A name that no test has would switch the other test off for good. */
    @Test
    void everyTestOfTheListExists() throws IOException, URISyntaxException {
        Path classes = Path.of(CompletenessTest.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        try (Stream<Path> files = Files.walk(classes)) {
            Set<String> missing = new TreeSet<>(TESTS);
            files.map(file -> String.valueOf(file.getFileName()).replace(".class", ""))
                    .forEach(missing::remove);
            assertEquals(Set.of(), missing);
        }
    }

    @Test
    void everyLineOfTheTableWasRun() {
        assumeTrue(InstructionRecord.tests().containsAll(TESTS), "not all tests of instructions have run");
        Set<String> missing = InstructionSet.names();
        missing.removeAll(InstructionRecord.run());
        assertEquals(Set.of(), missing);
    }
}
