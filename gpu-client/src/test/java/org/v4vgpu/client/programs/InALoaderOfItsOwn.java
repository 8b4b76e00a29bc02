package org.v4vgpu.client.programs;

import java.io.File;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Runs a program with JCuda in a class loader below the system's, as application servers do, or beside it, as OSGi does. Arguments:
 * {@code system} or {@code platform}, which is the loader's parent, the class path, the program, its own arguments.
 */
public final class InALoaderOfItsOwn {
    private InALoaderOfItsOwn() {}

    public static void main(String[] args) throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : args[1].split(File.pathSeparator, -1)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        ClassLoader parent =
                args[0].equals("system") ? ClassLoader.getSystemClassLoader() : ClassLoader.getPlatformClassLoader();
        try (URLClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), parent)) {
            Class<?> program = loader.loadClass(args[2]);
            if (!loader.equals(program.getClassLoader())) {
                throw new IllegalStateException(program + " is on the system class path");
            }
            Method main = program.getMethod("main", String[].class);
            main.invoke(null, (Object) Arrays.copyOfRange(args, 3, args.length));
        }
    }
}
