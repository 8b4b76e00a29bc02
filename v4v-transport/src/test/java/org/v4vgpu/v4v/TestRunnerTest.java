package org.v4vgpu.v4v;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** When the runner of tests in domains is content. */
class TestRunnerTest {
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    static final class Passing {
        @Test
        void passes() {
            assertTrue(true);
        }

        @Test
        void isSkipped() {
            assumeTrue(false);
        }
    }

    static final class Skipped {
        @Test
        void isSkipped() {
            assumeTrue(false);
        }
    }

    static final class Outer {
        @Nested
        final class Inner {
            @Test
            void passes() {
                assertTrue(true);
            }
        }
    }

    private int run(String... names) {
        said.reset();
        return TestRunner.run(new PrintStream(said, true, StandardCharsets.UTF_8), names);
    }

    @Test
    void wantsATestOfEachClassToPass() {
        String passing = Passing.class.getName();
        String skipped = Skipped.class.getName();
        assertEquals(0, run(passing));
        assertEquals(0, run(passing + "#passes"));
        assertEquals(0, run(passing, Outer.class.getName()));
        assertEquals(1, run(passing + "#isSkipped"));
        assertEquals(1, run(passing, skipped));
        assertTrue(said.toString(StandardCharsets.UTF_8).contains("no test passed in " + skipped));
        assertEquals(1, run());
    }
}
