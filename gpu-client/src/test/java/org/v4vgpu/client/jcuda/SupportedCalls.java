package org.v4vgpu.client.jcuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.MethodModel;
import java.lang.classfile.TypeKind;
import java.lang.invoke.MethodType;
import java.lang.reflect.AccessFlag;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import jcuda.Pointer;
import jcuda.jcublas.JCublas2;

/** The native methods of JCuda's jars, and which of them the bridge implements: the content of SUPPORTED.md. */
public final class SupportedCalls {
    public static final Path JCUBLAS = jarOf(JCublas2.class);

    private static final List<String> OWNERS =
            List.of("jcuda/driver/JCudaDriver", "jcuda/runtime/JCuda", "jcuda/nvrtc/JNvrtc", "jcuda/jcublas/JCublas2");

    private static final String HEAD = """
            # What the JCuda bridge supports

            Every native method of JCuda 12.6.0's driver API, runtime API, NVRTC and cuBLAS. "yes" means that the bridge implements it and
            that a test calls it, which fails if the call does nothing (`SilentCallIT`; the log level and the runtime's profiler switches have
            no effect that could be missed); everything else answers CUDA_ERROR_NOT_SUPPORTED (801; NVRTC 11, cuBLAS 15), and the log names it.
            Written by `SupportedCallsTest`, which fails when this page is not what the code says.

            """;

    private SupportedCalls() {}

    /** The calls that are supported, as {@code JCudaDriver.cuInit}. */
    public static Set<String> supported() {
        Set<String> names = new TreeSet<>();
        for (String owner : OWNERS) {
            calls(owner).forEach((call, supported) -> {
                if (supported) {
                    names.add(simpleName(owner) + "." + call);
                }
            });
        }
        return names;
    }

    /**
     * A class of JCuda in which one call does nothing, and says success.
     *
     * @param call as {@link #supported} names it
     * @return its place in the jar, and its bytes
     */
    public static Map.Entry<String, byte[]> silenced(String call) throws IOException {
        String owner = OWNERS.stream()
                .filter(each -> call.startsWith(simpleName(each) + "."))
                .findFirst()
                .orElseThrow();
        String name = call.substring(call.indexOf('.') + 1);
        ClassFile format = ClassFile.of();
        byte[] bytes = format.transformClass(format.parse(classFile(owner)), (out, element) -> {
            if (element instanceof MethodModel method
                    && method.flags().has(AccessFlag.NATIVE)
                    && publicName(method).equals(name)) {
                out.withMethodBody(
                        method.methodName(),
                        method.methodType(),
                        method.flags().flagsMask() & ~ClassFile.ACC_NATIVE,
                        code -> returnNothing(
                                code, TypeKind.from(method.methodTypeSymbol().returnType())));
            } else {
                out.with(element);
            }
        });
        return Map.entry(owner + ".class", bytes);
    }

    private static void returnNothing(CodeBuilder code, TypeKind kind) {
        switch (kind) {
            case VOID -> {}
            case INT -> code.iconst_0();
            case REFERENCE -> code.aconst_null();
            default -> throw new IllegalStateException("a call that returns " + kind);
        }
        code.return_(kind);
    }

    static String page() {
        StringBuilder page = new StringBuilder(HEAD).append("| class | native methods | supported |\n|---|---|---|\n");
        for (String owner : OWNERS) {
            Map<String, Boolean> calls = calls(owner);
            page.append("| ")
                    .append(simpleName(owner))
                    .append(" | ")
                    .append(calls.size())
                    .append(" | ")
                    .append(calls.values().stream()
                            .filter(Boolean::booleanValue)
                            .count())
                    .append(" |\n");
        }
        for (String owner : OWNERS) {
            page.append("\n## ").append(simpleName(owner)).append("\n\n| call | supported |\n|---|---|\n");
            List<Map.Entry<String, Boolean>> rows = new ArrayList<>(calls(owner).entrySet());
            rows.sort(Comparator.comparing((Map.Entry<String, Boolean> row) -> !row.getValue())
                    .thenComparing(Map.Entry::getKey));
            for (Map.Entry<String, Boolean> row : rows) {
                page.append("| ").append(row.getKey()).append(row.getValue() ? " | yes |\n" : " | no |\n");
            }
        }
        return page.toString();
    }

    /** A class's native methods, by the names that programs call them by. */
    private static Map<String, Boolean> calls(String owner) {
        Map<String, Boolean> calls = new TreeMap<>();
        try {
            for (MethodModel method : ClassFile.of().parse(classFile(owner)).methods()) {
                if (method.flags().has(AccessFlag.NATIVE)) {
                    boolean supported =
                            JCudaBridge.isSupported(owner, method.methodName().stringValue(), type(method));
                    calls.merge(publicName(method), supported, Boolean::logicalAnd);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
        return calls;
    }

    private static byte[] classFile(String owner) throws IOException {
        Path jar = owner.contains("jcublas") ? JCUBLAS : jarOf(Pointer.class);
        try (JarFile file = new JarFile(jar.toFile());
                InputStream in = file.getInputStream(file.getEntry(owner + ".class"))) {
            return in.readAllBytes();
        }
    }

    private static String publicName(MethodModel method) {
        return method.methodName().stringValue().replaceFirst("Native$", "");
    }

    private static MethodType type(MethodModel method) {
        return MethodType.fromMethodDescriptorString(
                method.methodType().stringValue(), SupportedCalls.class.getClassLoader());
    }

    private static Path jarOf(Class<?> type) {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath());
    }

    private static String simpleName(String owner) {
        return owner.substring(owner.lastIndexOf('/') + 1);
    }
}
