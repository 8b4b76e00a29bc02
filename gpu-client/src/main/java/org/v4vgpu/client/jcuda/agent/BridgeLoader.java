package org.v4vgpu.client.jcuda.agent;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.security.CodeSource;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;

/**
 * Loads the bridge and what it needs (the client, protobuf) from the folder {@value #FOLDER} of the jar that this class
 * came in: the program's loaders can't see it there, so that the program's own protobuf, whatever its version, and
 * ours never meet. What is not there comes from the parent, JCuda's loader. Safe for any thread.
 */
final class BridgeLoader extends ClassLoader {
    static final String FOLDER = "META-INF/v4vgpu/";

    static {
        registerAsParallelCapable();
    }

    private final JarFile jar;
    private final File file;

    private BridgeLoader(ClassLoader parent, File file) throws IOException {
        super("v4vgpu", parent);
        this.file = file;
        this.jar = new JarFile(file);
    }

    /** A new loader of the bridge, for the JCuda that {@code jcudaLoader} has loaded. */
    static BridgeLoader above(ClassLoader jcudaLoader) {
        URL location = ownJar();
        try {
            return new BridgeLoader(jcudaLoader, new File(location.toURI()));
        } catch (IOException | URISyntaxException | IllegalArgumentException e) {
            throw new IllegalStateException(
                    "v4vgpu: the JCuda bridge is in v4vgpu-agent.jar and v4vgpu-jcuda.jar, not in " + location, e);
        }
    }

    /** The jar that this class came in. The bootstrap loader does not tell, but the agent's jar is on the class path as well. */
    private static URL ownJar() {
        CodeSource source = BridgeLoader.class.getProtectionDomain().getCodeSource();
        if (source != null) {
            return source.getLocation();
        }
        URL own = ClassLoader.getSystemResource(BridgeLoader.class.getName().replace('.', '/') + ".class");
        try {
            if (own != null && own.openConnection() instanceof JarURLConnection jar) {
                return jar.getJarFileURL();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new IllegalStateException("v4vgpu: the jar of " + BridgeLoader.class.getName() + " is unknown");
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        JarEntry entry = jar.getJarEntry(FOLDER + name.replace('.', '/') + ".class");
        if (entry == null) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            if (loaded == null) {
                loaded = define(name, entry);
            }
            if (resolve) {
                resolveClass(loaded);
            }
            return loaded;
        }
    }

    private Class<?> define(String name, JarEntry entry) throws ClassNotFoundException {
        try (InputStream in = jar.getInputStream(entry)) {
            byte[] bytes = in.readAllBytes();
            return defineClass(name, bytes, 0, bytes.length, BridgeLoader.class.getProtectionDomain());
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }

    @Override
    public @Nullable URL getResource(String name) {
        URL own = findResource(name);
        return own != null ? own : super.getResource(name);
    }

    @Override
    protected @Nullable URL findResource(String name) {
        if (jar.getJarEntry(FOLDER + name) == null) {
            return null;
        }
        try {
            return URI.create("jar:" + file.toURI() + "!/" + FOLDER + name).toURL();
        } catch (MalformedURLException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    protected Enumeration<URL> findResources(String name) {
        URL own = findResource(name);
        return own == null ? Collections.emptyEnumeration() : Collections.enumeration(List.of(own));
    }
}
