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
 * Runs a program with JCuda in a class loader below the system's, as application servers do. Arguments: the class path, the program,
 * its own arguments.
 */
public final class InALoaderOfItsOwn {
    private InALoaderOfItsOwn() {}

    public static void main(String[] args) throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : args[0].split(File.pathSeparator, -1)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        try (URLClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new))) {
            Class<?> program = loader.loadClass(args[1]);
            if (!loader.equals(program.getClassLoader())) {
                throw new IllegalStateException(program + " is on the system class path");
            }
            Method main = program.getMethod("main", String[].class);
            main.invoke(null, (Object) Arrays.copyOfRange(args, 2, args.length));
        }
    }
}
