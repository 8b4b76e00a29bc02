package org.v4vgpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Keeps the directions between packages: reads every compiled class and compares what it names with the table below. */
final class LayeringTest {
    /** Package prefix to the prefixes of ours and of others that it may use, beside java and itself. The longest one counts. */
    private static final Map<String, List<String>> ALLOWED = Map.of(
            "org.v4vgpu.proto", List.of("com.google.protobuf"),
            "org.v4vgpu.v4v", List.of("org.v4vgpu.v4v.netty"), // to open channels over it, where Netty is there
            "org.v4vgpu.v4v.netty", List.of("org.v4vgpu.v4v", "io.netty"),
            "org.v4vgpu.client", List.of("org.v4vgpu.proto", "org.v4vgpu.v4v", "com.google.protobuf", "jdk.jfr"),
            "org.v4vgpu.client.jcuda",
                    List.of("org.v4vgpu.client", "org.v4vgpu.proto", "org.v4vgpu.v4v", "com.google.protobuf", "jcuda"),
            "org.v4vgpu.device",
                    List.of(
                            "org.v4vgpu.device.blas",
                            "org.v4vgpu.proto",
                            "com.sun.management"), // the JDK's, for memory sizes
            "org.v4vgpu.device.blas", List.of("org.v4vgpu.device", "org.v4vgpu.proto", "dev.ludovic.netlib"),
            "org.v4vgpu.server",
                    List.of(
                            "org.v4vgpu.device",
                            "org.v4vgpu.proto",
                            "org.v4vgpu.v4v",
                            "com.google.protobuf",
                            "com.fasterxml.jackson",
                            "jdk.jfr",
                            "picocli"),
            "org.v4vgpu.stencil",
                    List.of("org.v4vgpu.stencil.program", "picocli", "me.tongfei", "com.fasterxml.jackson"),
            // The measured program knows JCuda and nothing else: no line of it can know that it is remote.
            "org.v4vgpu.stencil.program", List.of("jcuda"));

    private static final List<String> MODULES =
            List.of("proto", "v4v-transport", "gpu-server", "gpu-client", "stencil-demo");

    /** A class name inside a descriptor or signature. */
    private static final Pattern NAME = Pattern.compile("L([A-Za-z0-9_$]+(?:/[A-Za-z0-9_$]+)+)[;<]");

    @Test
    void packagesUseOnlyWhatTheTableAllows() throws IOException {
        Set<String> violations = new TreeSet<>();
        int classes = 0;
        for (String module : MODULES) {
            Path root = Path.of("..", module, "target", "classes");
            assertTrue(Files.isDirectory(root), () -> root + " is missing: build the whole project");
            try (Stream<Path> files = Files.walk(root)) {
                for (Path file : files.filter(f -> f.toString().endsWith(".class"))
                        .filter(f -> !f.startsWith(root.resolve("META-INF")))
                        .toList()) {
                    check(ClassFile.of().parse(file), violations);
                    classes++;
                }
            }
        }
        assertEquals(Set.of(), violations);
        assertTrue(classes > 100, "only " + classes + " classes were read");
    }

    private static void check(ClassModel model, Set<String> violations) {
        String self = model.thisClass().asInternalName().replace('/', '.');
        String layer = layerOf(self);
        for (PoolEntry entry : model.constantPool()) {
            switch (entry) {
                case ClassEntry type -> checkUse(self, layer, elementName(type.asInternalName()), violations);
                case Utf8Entry text -> {
                    Matcher names = NAME.matcher(text.stringValue());
                    while (names.find()) {
                        checkUse(self, layer, names.group(1), violations);
                    }
                }
                default -> {}
            }
        }
    }

    private static void checkUse(String self, String layer, String internalName, Set<String> violations) {
        String used = internalName.replace('/', '.');
        boolean fine = used.isEmpty()
                || used.startsWith("java.")
                || used.startsWith("javax.imageio.")
                || used.startsWith("javax.net.")
                || used.startsWith("org.jspecify.")
                || layerOf(used).equals(layer)
                || ALLOWED.getOrDefault(layer, List.of()).stream()
                        .anyMatch(p -> used.equals(p) || used.startsWith(p + "."));
        if (!fine) {
            violations.add(self + " uses " + used);
        }
    }

    private static String layerOf(String name) {
        return ALLOWED.keySet().stream()
                .filter(p -> name.startsWith(p + "."))
                .reduce("", (a, b) -> a.length() >= b.length() ? a : b);
    }

    /** The class behind an array type's name; empty for arrays of primitives. */
    private static String elementName(String internalName) {
        if (!internalName.startsWith("[")) {
            return internalName;
        }
        String element = internalName.substring(internalName.lastIndexOf('[') + 1);
        return element.startsWith("L") ? element.substring(1, element.length() - 1) : "";
    }
}
