package org.v4vgpu.client.jcuda.packaging;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.v4vgpu.client.jcuda.agent.JCudaRewriter;

/**
 * Makes {@code v4vgpu-agent.jar} and {@code v4vgpu-jcuda.jar} from its own class path. Arguments: the directory to write to, the
 * instant that all entries carry, the version, the project's licence.
 *
 * <p>Both jars hold the package {@code org.v4vgpu.client.jcuda.agent} at their top, and below {@code META-INF/v4vgpu/}, where only
 * that package's loader looks, the rest of the client with protobuf. The second holds the rewritten JCuda and JCublas as well.
 */
public final class JarMaker {
    private static final String AGENT_JAR = "v4vgpu-agent.jar";
    private static final String FOLDER = "META-INF/v4vgpu/";
    private static final String AGENT = "org/v4vgpu/client/jcuda/agent/";
    private static final String PACKAGING = "org/v4vgpu/client/jcuda/packaging/";
    private static final String LICENCES = "META-INF/licenses/";

    private final Path directory;
    private final Instant time;
    private final String version;
    private final Path licence;

    private JarMaker(Path directory, Instant time, String version, Path licence) {
        this.directory = directory;
        this.time = time;
        this.version = version;
        this.licence = licence;
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 4) {
            throw new IllegalArgumentException("usage: JarMaker <directory> <instant> <version> <licence>");
        }
        new JarMaker(Path.of(arguments[0]), Instant.parse(arguments[1]), arguments[2], Path.of(arguments[3])).run();
    }

    private void run() throws IOException {
        TreeMap<String, byte[]> common = new TreeMap<>();
        TreeMap<String, byte[]> jcuda = new TreeMap<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path path = Path.of(entry);
            if (isJCuda(path)) {
                addJCuda(path, jcuda);
            } else if (!path.getFileName().toString().startsWith("jspecify")) {
                addOurs(path, common);
            }
        }
        if (jcuda.isEmpty() || common.keySet().stream().noneMatch(name -> name.startsWith(AGENT))) {
            throw new IOException("the class path lacks JCuda or the client: " + System.getProperty("java.class.path"));
        }
        common.put(LICENCES + "apache-2.0.txt", Files.readAllBytes(licence));
        common.put(LICENCES + "protobuf.txt", text("protobuf-licence.txt"));
        jcuda.putAll(common);
        new ReproducibleJar(time).write(directory.resolve(AGENT_JAR), agentManifest(), common);
        new ReproducibleJar(time).write(directory.resolve("v4vgpu-jcuda.jar"), jcudaManifest(), jcuda);
    }

    private List<String> agentManifest() {
        return manifest(
                "v4vgpu agent",
                "Premain-Class: org.v4vgpu.client.jcuda.agent.V4vgpuAgent",
                "Boot-Class-Path: " + AGENT_JAR);
    }

    private List<String> jcudaManifest() {
        return manifest("JCuda on v4vgpu", "Automatic-Module-Name: jcuda");
    }

    private List<String> manifest(String title, String... lines) {
        List<String> manifest = new ArrayList<>(List.of(lines));
        manifest.add("Implementation-Title: " + title);
        manifest.add("Implementation-Version: " + version);
        manifest.add("Enable-Native-Access: ALL-UNNAMED");
        return manifest;
    }

    private static boolean isJCuda(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            return false;
        }
        try (JarFile jar = new JarFile(path.toFile())) {
            return jar.getEntry("jcuda/NativePointerObject.class") != null
                    || jar.getEntry("jcuda/jcublas/JCublas2.class") != null;
        }
    }

    private static void addJCuda(Path path, Map<String, byte[]> entries) throws IOException {
        for (Map.Entry<String, byte[]> file : filesOf(path).entrySet()) {
            String name = file.getKey();
            if (!name.startsWith("META-INF/")) {
                byte[] rewritten = name.endsWith(".class") ? JCudaRewriter.rewrite(file.getValue()) : null;
                entries.put(name, rewritten != null ? rewritten : file.getValue());
            }
        }
        entries.put(LICENCES + "jcuda.txt", text("jcuda-licence.txt"));
    }

    private static void addOurs(Path path, Map<String, byte[]> entries) throws IOException {
        for (Map.Entry<String, byte[]> file : filesOf(path).entrySet()) {
            String name = file.getKey();
            if (name.startsWith(AGENT)) {
                entries.put(name, file.getValue());
            } else if (isLicence(name)) {
                entries.put(
                        LICENCES + path.getFileName() + "/" + name.substring("META-INF/".length()), file.getValue());
            } else if (belongsIntoTheFolder(name)) {
                entries.put(FOLDER + name, file.getValue());
            }
        }
    }

    private static byte[] text(String resource) throws IOException {
        try (InputStream in = JarMaker.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IOException(resource + " is missing in this build");
            }
            return in.readAllBytes();
        }
    }

    private static boolean isLicence(String name) {
        return name.startsWith("META-INF/") && name.matches("META-INF/(license/)?(LICENSE|NOTICE)[^/]*");
    }

    private static boolean belongsIntoTheFolder(String name) {
        if (name.startsWith("META-INF/")) {
            return name.startsWith("META-INF/services/");
        }
        return !name.startsWith(PACKAGING) && !name.equals("module-info.class") && !name.endsWith(".proto");
    }

    /** The files of a jar or a directory of the class path, by name. */
    private static Map<String, byte[]> filesOf(Path path) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        if (Files.isDirectory(path)) {
            try (Stream<Path> walk = Files.walk(path)) {
                for (Path file : walk.filter(Files::isRegularFile).toList()) {
                    files.put(
                            path.relativize(file).toString().replace(File.separatorChar, '/'),
                            Files.readAllBytes(file));
                }
            }
        } else if (Files.isRegularFile(path)) {
            try (JarFile jar = new JarFile(path.toFile())) {
                for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
                    JarEntry entry = entries.nextElement();
                    if (!entry.isDirectory()) {
                        try (InputStream in = jar.getInputStream(entry)) {
                            files.put(entry.getName(), in.readAllBytes());
                        }
                    }
                }
            }
        }
        return files;
    }
}
