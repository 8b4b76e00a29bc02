package org.v4vgpu.client.programs;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs another program, and fails if a library of CUDA or JCuda is mapped into the process when it has ended. Arguments: the
 * program's class and its arguments.
 */
public final class WithoutNatives {
    private WithoutNatives() {}

    public static void main(String[] args) throws ReflectiveOperationException, IOException {
        String[] rest = List.of(args).subList(1, args.length).toArray(String[]::new);
        try {
            Class.forName(args[0]).getMethod("main", String[].class).invoke(null, (Object) rest);
        } catch (InvocationTargetException e) {
            StringWriter trace = new StringWriter();
            e.getCause().printStackTrace(new PrintWriter(trace, true));
            System.err.println(args[0] + " failed: " + trace);
            System.exit(1);
        }
        List<String> maps = Files.readAllLines(Path.of("/proc/self/maps"));
        List<String> found = maps.stream()
                .filter(line -> line.matches("(?i).*/[^/]*(cuda|nvrtc|cublas|nvidia)[^/]*\\.so.*"))
                .toList();
        if (maps.stream().noneMatch(line -> line.contains("libjvm.so")) || !found.isEmpty()) {
            System.err.println("native libraries of CUDA: " + found);
            System.exit(3);
        }
    }
}
