package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.proto.CudaStatus;

/** The example of {@link SoftwareGpu}'s documentation and of the README compiles as it stands there; SoftwareGpuTest runs it. */
@Timeout(60)
final class ExampleTest {
    private static final Pattern SNIPPET = Pattern.compile("\\{@snippet :\n(.*?)\n \\* }\n", Pattern.DOTALL);
    private static final Pattern README = Pattern.compile("```java\n(try \\(SoftwareGpu .*?)\n```", Pattern.DOTALL);

    @Test
    void documentationAndReadmeHaveAnExampleThatCompiles(@TempDir Path directory) throws Exception {
        String name = SoftwareGpu.class.getName().replace('.', '/') + ".java";
        String example = only(SNIPPET, Files.readString(Path.of("src/main/java", name)))
                .lines()
                .map(line -> line.replaceFirst("^ \\* {0,3}", ""))
                .collect(Collectors.joining("\n"));
        assertEquals(example, only(README, Files.readString(Path.of("README.md"))));
        String program = """
                import java.nio.file.Path;
                import org.v4vgpu.device.software.*;

                final class Example {
                    static void scale(float[] floats) throws Exception {
                        int n = floats.length;
                        %s
                    }
                }
                """.formatted(example);
        StringWriter complaints = new StringWriter();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        JavaFileObject source =
                new SimpleJavaFileObject(URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoresErrors) {
                        return program;
                    }
                };
        List<String> options = List.of(
                "-proc:none",
                "-d",
                directory.toString(),
                "-cp",
                place(SoftwareGpu.class) + ":" + place(CudaStatus.class));
        boolean compiled = compiler.getTask(complaints, null, null, options, null, List.of(source))
                .call();
        assertTrue(compiled, () -> program + complaints);
    }

    private static String only(Pattern pattern, String text) {
        Matcher found = pattern.matcher(text);
        assertTrue(found.find(), () -> "nothing like " + pattern);
        String example = found.group(1);
        assertTrue(!found.find(), () -> "more than one " + pattern);
        return example;
    }

    private static Path place(Class<?> type) throws Exception {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    }
}
