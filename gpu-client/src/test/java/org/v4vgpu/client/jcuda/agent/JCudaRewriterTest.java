package org.v4vgpu.client.jcuda.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.reflect.AccessFlag;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rewriter on the real jar. */
final class JCudaRewriterTest {
    /** Classes of the jar are classes; only the hierarchy below Throwable matters to the verifier. */
    private static final ClassHierarchyResolver RESOLVER = ClassHierarchyResolver.defaultResolver()
            .orElse(ClassHierarchyResolver.of(
                    List.of(), Map.of(ClassDesc.of("jcuda.CudaException"), ConstantDescs.CD_Throwable)));

    @Test
    void everyNativeMethodGetsABodyAndNothingElseChanges() throws IOException {
        Rewritten rewritten = rewrite(Path.of(Pointer.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath()));
        assertEquals(501, rewritten.natives());
        assertEquals(6, rewritten.classes());
    }

    /** What the bridge reads of JCuda's objects is there in all of them, so that one bridge serves them. */
    @ParameterizedTest
    @ValueSource(strings = {"11.0.0", "11.2.0", "11.5.2", "11.8.0", "12.0.0"})
    void otherVersionsAreRewrittenAsWell(String version) throws IOException {
        Path jar = Path.of("target", "jcuda", "jcuda-" + version + ".jar");
        Rewritten rewritten = rewrite(jar);
        assertTrue(rewritten.natives() > 400, rewritten::toString);
        assertTrue(rewritten.classes() >= 4, rewritten::toString);
        assertEquals(Set.of("nativePointer:J"), fields(jar, "jcuda/NativePointerObject", "nativePointer"));
        assertEquals(
                Set.of("byteOffset:J", "buffer:Ljava/nio/Buffer;", "pointers:[Ljcuda/NativePointerObject;"),
                fields(jar, "jcuda/Pointer", "byteOffset", "buffer", "pointers"));
    }

    private static Set<String> fields(Path jar, String owner, String... names) throws IOException {
        try (JarFile file = new JarFile(jar.toFile());
                InputStream in = file.getInputStream(file.getEntry(owner + ".class"))) {
            return ClassFile.of().parse(in.readAllBytes()).fields().stream()
                    .filter(field -> List.of(names).contains(field.fieldName().stringValue()))
                    .map(field -> field.fieldName().stringValue() + ":"
                            + field.fieldType().stringValue())
                    .collect(Collectors.toSet());
        }
    }

    private record Rewritten(int natives, int classes) {}

    private static Rewritten rewrite(Path path) throws IOException {
        int natives = 0;
        int changed = 0;
        try (JarFile jar = new JarFile(path.toFile())) {
            for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
                JarEntry entry = entries.nextElement();
                if (!entry.getName().endsWith(".class")) {
                    continue;
                }
                try (InputStream in = jar.getInputStream(entry)) {
                    byte[] before = in.readAllBytes();
                    ClassModel original = ClassFile.of().parse(before);
                    byte[] after = JCudaRewriter.rewrite(before);
                    if (after == null) {
                        assertTrue(original.methods().stream().noneMatch(JCudaRewriterTest::isNative));
                        continue;
                    }
                    changed++;
                    natives += (int) original.methods().stream()
                            .filter(JCudaRewriterTest::isNative)
                            .count();
                    check(original, after);
                }
            }
        }
        return new Rewritten(natives, changed);
    }

    private static void check(ClassModel original, byte[] after) {
        ClassFile classFile = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(RESOLVER));
        ClassModel model = classFile.parse(after);
        assertEquals(original.majorVersion(), model.majorVersion());
        assertEquals(
                original.methods().stream().map(JCudaRewriterTest::signature).toList(),
                model.methods().stream().map(JCudaRewriterTest::signature).toList());
        assertEquals(original.fields().size(), model.fields().size());
        assertTrue(model.methods().stream().noneMatch(JCudaRewriterTest::isNative));
        assertEquals(List.of(), classFile.verify(model));
    }

    @Test
    void classesWithoutNativeMethodsStayAsTheyAre() throws IOException {
        assertNull(JCudaRewriter.rewrite(bytes(Pointer.class)));
        assertNotNull(JCudaRewriter.rewrite(bytes(JCudaDriver.class)));
    }

    @Test
    void refusesClassesThatAreTooOld() throws IOException {
        byte[] old = bytes(JCudaDriver.class);
        old[7] = 50;
        assertThrows(IllegalArgumentException.class, () -> JCudaRewriter.rewrite(old));
        assertThrows(IllegalArgumentException.class, () -> JCudaRewriter.rewrite(new byte[16]));
    }

    private static byte[] bytes(Class<?> type) throws IOException {
        try (InputStream in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
            assertNotNull(in);
            return in.readAllBytes();
        }
    }

    private static boolean isNative(MethodModel method) {
        return method.flags().has(AccessFlag.NATIVE);
    }

    private static String signature(MethodModel method) {
        return (method.flags().flagsMask() & ~AccessFlag.NATIVE.mask()) + " "
                + method.methodName().stringValue() + method.methodType().stringValue();
    }
}
