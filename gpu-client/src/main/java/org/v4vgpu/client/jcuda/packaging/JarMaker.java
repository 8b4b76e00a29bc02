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
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.v4vgpu.client.jcuda.agent.JCudaRewriter;

/**
 * Makes {@code v4vgpu-agent.jar} and {@code v4vgpu-jcuda.jar} from its own class path. Arguments: the directory to write to, the
 * instant that all entries carry, the version.
 *
 * <p>Both jars hold the package {@code org.v4vgpu.client.jcuda.agent} at their top, and below {@code META-INF/v4vgpu/}, where only
 * that package's loader looks, the rest of the client with protobuf and Netty. The second holds the rewritten JCuda as well.
 */
public final class JarMaker {
    private static final String FOLDER = "META-INF/v4vgpu/";
    private static final String AGENT = "org/v4vgpu/client/jcuda/agent/";
    private static final String PACKAGING = "org/v4vgpu/client/jcuda/packaging/";
    private static final String LICENCES = "META-INF/licenses/";

    private final Path directory;
    private final Instant time;
    private final String version;

    private JarMaker(Path directory, Instant time, String version) {
        this.directory = directory;
        this.time = time;
        this.version = version;
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 3) {
            throw new IllegalArgumentException("usage: JarMaker <directory> <instant> <version>");
        }
        new JarMaker(Path.of(arguments[0]), Instant.parse(arguments[1]), arguments[2]).run();
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
        jcuda.putAll(common);
        new ReproducibleJar(time).write(directory.resolve("v4vgpu-agent.jar"), agentManifest(), common);
        new ReproducibleJar(time).write(directory.resolve("v4vgpu-jcuda.jar"), jcudaManifest(), jcuda);
    }

    private List<String> agentManifest() {
        return manifest("v4vgpu agent", "Premain-Class: org.v4vgpu.client.jcuda.agent.V4vgpuAgent");
    }

    private List<String> jcudaManifest() {
        return manifest("JCuda on v4vgpu", "Automatic-Module-Name: jcuda");
    }

    private List<String> manifest(String title, String line) {
        return List.of(
                line,
                "Implementation-Title: " + title,
                "Implementation-Version: " + version,
                "Enable-Native-Access: ALL-UNNAMED");
    }

    private static boolean isJCuda(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            return false;
        }
        try (JarFile jar = new JarFile(path.toFile())) {
            return jar.getEntry("jcuda/NativePointerObject.class") != null;
        }
    }

    private static void addJCuda(Path path, TreeMap<String, byte[]> entries) throws IOException {
        for (Resource resource : Resource.allOf(path)) {
            if (resource.name().startsWith("META-INF/")) {
                continue;
            }
            byte[] bytes = resource.bytes();
            byte[] rewritten = resource.name().endsWith(".class") ? JCudaRewriter.rewrite(bytes) : null;
            entries.put(resource.name(), rewritten != null ? rewritten : bytes);
        }
        try (InputStream notice = JarMaker.class.getResourceAsStream("jcuda-licence.txt")) {
            if (notice == null) {
                throw new IOException("JCuda's licence is missing in this build");
            }
            entries.put(LICENCES + "jcuda.txt", notice.readAllBytes());
        }
    }

    private static void addOurs(Path path, TreeMap<String, byte[]> entries) throws IOException {
        for (Resource resource : Resource.allOf(path)) {
            String name = resource.name();
            if (name.startsWith(AGENT)) {
                entries.put(name, resource.bytes());
            } else if (isLicence(name)) {
                entries.put(
                        LICENCES + path.getFileName() + "/" + name.substring("META-INF/".length()), resource.bytes());
            } else if (belongsIntoTheFolder(name)) {
                entries.put(FOLDER + name, resource.bytes());
            }
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

    /** A file in a jar or a directory of the class path. */
    private record Resource(String name, byte[] bytes) {
        static List<Resource> allOf(Path path) throws IOException {
            List<Resource> resources = new ArrayList<>();
            if (Files.isDirectory(path)) {
                try (Stream<Path> files = Files.walk(path)) {
                    for (Path file : files.filter(Files::isRegularFile).toList()) {
                        String name = path.relativize(file).toString().replace(File.separatorChar, '/');
                        resources.add(new Resource(name, Files.readAllBytes(file)));
                    }
                }
            } else if (Files.isRegularFile(path)) {
                try (JarFile jar = new JarFile(path.toFile())) {
                    for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
                        JarEntry entry = entries.nextElement();
                        if (!entry.isDirectory()) {
                            try (InputStream in = jar.getInputStream(entry)) {
                                resources.add(new Resource(entry.getName(), in.readAllBytes()));
                            }
                        }
                    }
                }
            }
            return resources;
        }
    }
}
