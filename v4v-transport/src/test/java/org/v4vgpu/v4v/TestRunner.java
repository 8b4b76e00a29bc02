package org.v4vgpu.v4v;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs JUnit tests where no Maven is, such as in a domain of {@code xen/run-tests}, and says one line for each when it ends, so that
 * an emulated machine shows progress. Confined to the thread that runs it. No test:
 *
 * <pre>
 *   java -cp target/classes:target/test-classes:... org.v4vgpu.v4v.TestRunner CLASS[#METHOD]...
 * </pre>
 *
 * <p>Exit status 0 if none failed and at least one test of each class was run to its end: tests whose assumptions do not hold prove
 * nothing.
 */
final class TestRunner implements TestExecutionListener {
    private static final String PARALLEL = "junit.jupiter.execution.parallel.enabled";

    private final PrintStream out;
    private final Set<String> passedIn = new HashSet<>();
    private int passed;
    private int failed;
    private int skipped;
    private long begin = System.nanoTime();

    private TestRunner(PrintStream out) {
        this.out = out;
    }

    @SuppressWarnings("SystemOut") // a program
    public static void main(String[] arguments) {
        System.exit(run(System.out, arguments));
    }

    /** The exit status. */
    static int run(PrintStream out, String... arguments) {
        TestRunner runner = new TestRunner(out);
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(Arrays.stream(arguments)
                                        .map(TestRunner::selector)
                                        .toList())
                                .configurationParameter(PARALLEL, "false") // they share a domain
                                .build(),
                        runner);
        return runner.verdict(arguments);
    }

    private static DiscoverySelector selector(String name) {
        return name.contains("#") ? DiscoverySelectors.selectMethod(name) : DiscoverySelectors.selectClass(name);
    }

    private int verdict(String... arguments) {
        List<String> unproved = Arrays.stream(arguments)
                .map(name -> name.replaceFirst("#.*", ""))
                .filter(name -> passedIn.stream().noneMatch(passing -> isOf(passing, name)))
                .toList();
        unproved.forEach(name -> out.println("no test passed in " + name));
        out.println(passed + " passed, " + failed + " failed, " + skipped + " skipped");
        return failed == 0 && passed > 0 && unproved.isEmpty() ? 0 : 1;
    }

    private static boolean isOf(String passing, String name) {
        return passing.equals(name) || passing.startsWith(name + "$"); // a class of tests within
    }

    private void pass(TestIdentifier test) {
        passed++;
        if (test.getSource().orElse(null) instanceof MethodSource method) {
            passedIn.add(method.getClassName());
        }
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        begin = System.nanoTime();
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        skipped++;
        out.println("skipped " + test.getDisplayName() + ": " + reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        switch (result.getStatus()) {
            case SUCCESSFUL -> {
                if (test.isTest()) {
                    pass(test);
                    out.println("passed  " + test.getDisplayName() + ", " + (System.nanoTime() - begin) / 1_000_000
                            + " ms");
                }
            }
            case ABORTED -> {
                skipped++;
                out.println("skipped " + test.getDisplayName() + ": "
                        + result.getThrowable().map(Throwable::getMessage).orElse("no reason given"));
            }
            case FAILED -> {
                failed++;
                out.println("FAILED  " + test.getDisplayName());
                result.getThrowable().ifPresent(e -> e.printStackTrace(out));
            }
        }
    }
}
