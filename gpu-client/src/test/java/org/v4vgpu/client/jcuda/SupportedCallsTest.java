package org.v4vgpu.client.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.invoke.MethodType;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** SUPPORTED.md is what the code says, and on older versions of JCuda nothing of it is missing that they have. */
final class SupportedCallsTest {
    private static final Path JARS = Path.of("target", "jcuda");

    @Test
    void thePageIsWhatTheCodeSays() throws IOException {
        String page = SupportedCalls.page();
        Files.writeString(Path.of("target", "SUPPORTED.md"), page);
        Path written = Path.of("SUPPORTED.md");
        assertEquals(
                page,
                Files.exists(written) ? Files.readString(written) : "",
                "to bring the page up to date: cp gpu-client/target/SUPPORTED.md gpu-client/SUPPORTED.md");
    }

    /** By their bytecode; SupportedCallsIT runs them, and SilentCallIT sees whether they look at what the calls do. */
    @Test
    void theTestsProgramsLookAtTheStatusOfEverySupportedCall() throws IOException {
        Set<String> missing = SupportedCalls.supported();
        missing.removeAll(CallSites.lookedAt(Path.of("target", "test-classes", "org/v4vgpu/client/programs")));
        assertEquals(Set.of(), missing);
    }

    /** The bridge against another jar of JCuda, in a loader of its own. */
    @ParameterizedTest
    @ValueSource(strings = {"11.0.0", "11.2.0", "11.5.2", "11.8.0", "12.0.0"})
    void olderVersionsHaveTheSameSupport(String version) throws Exception {
        Path jar = JARS.resolve("jcuda-" + version + ".jar");
        Set<String> wanted = SupportedCalls.supported();
        Set<String> missing = new TreeSet<>();
        int found = 0;
        try (URLClassLoader loader = new URLClassLoader(classPathWith(jar), ClassLoader.getPlatformClassLoader());
                JarFile file = new JarFile(jar.toFile())) {
            Method isSupported = loader.loadClass(JCudaBridge.class.getName())
                    .getDeclaredMethod("isSupported", String.class, String.class, MethodType.class);
            isSupported.setAccessible(true);
            for (String owner : List.of("jcuda/driver/JCudaDriver", "jcuda/runtime/JCuda")) {
                for (MethodModel method : methods(file, owner)) {
                    String name = method.methodName().stringValue();
                    String call = owner.substring(owner.lastIndexOf('/') + 1) + "." + name.replaceFirst("Native$", "");
                    if (method.flags().has(AccessFlag.NATIVE) && wanted.contains(call)) {
                        MethodType type = MethodType.fromMethodDescriptorString(
                                method.methodType().stringValue(), loader);
                        if ((boolean) isSupported.invoke(null, owner, name, type)) {
                            found++;
                        } else {
                            missing.add(call + type);
                        }
                    }
                }
            }
        }
        assertEquals(Set.of(), missing);
        assertTrue(found > 150, "only " + found + " calls");
    }

    private static List<MethodModel> methods(JarFile file, String owner) throws IOException {
        try (InputStream in = file.getInputStream(file.getEntry(owner + ".class"))) {
            return ClassFile.of().parse(in.readAllBytes()).methods();
        }
    }

    private static URL[] classPathWith(Path jar) throws MalformedURLException {
        List<URL> urls = new ArrayList<>(List.of(jar.toUri().toURL()));
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path path = Path.of(entry);
            if (!path.getFileName().toString().startsWith("jcuda-")) {
                urls.add(path.toUri().toURL());
            }
        }
        return urls.toArray(URL[]::new);
    }
}
