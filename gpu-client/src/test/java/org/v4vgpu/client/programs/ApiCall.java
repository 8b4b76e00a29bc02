package org.v4vgpu.client.programs;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.LocalVariableInfo;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A public method of JCuda, with the names of its parameters, which its class file tells. */
record ApiCall(Method method, List<String> names) {
    private static final Pattern ENDS =
            Pattern.compile("Destroy|Free|Unload|Unregister|Reset|Release|cuCtxPopCurrent|cuCtxPushCurrent");

    /** The methods of a class that a page like SUPPORTED.md says yes to, but for those of the log. */
    static List<ApiCall> supported(Class<?> owner, Path page) throws IOException {
        Set<String> supported = new HashSet<>();
        for (String line : Files.readAllLines(page)) {
            String[] cells = line.split("\\|", -1);
            if (cells.length == 4 && cells[2].strip().equals("yes")) {
                supported.add(cells[1].strip());
            }
        }
        Map<String, List<String>> names = names(owner);
        List<ApiCall> calls = new ArrayList<>();
        for (Method method : owner.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers())
                    && supported.contains(method.getName())
                    && !method.getName().equals("setLogLevel")) {
                calls.add(new ApiCall(method, names.getOrDefault(method.getName() + descriptor(method), List.of())));
            }
        }
        calls.sort(Comparator.comparing(call -> call.name() + descriptor(call.method)));
        return calls;
    }

    String name() {
        return method.getName();
    }

    /** Whether it is the end of something: its arguments are good for once. */
    boolean ends() {
        return ENDS.matcher(name()).find();
    }

    Class<?> type(int parameter) {
        return method.getParameterTypes()[parameter];
    }

    /** The result: a status, or something else. Throws what the call throws. */
    @Nullable
    Object with(@Nullable Object... arguments) {
        try {
            return method.invoke(null, arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, List<String>> names(Class<?> owner) throws IOException {
        Map<String, List<String>> names = new HashMap<>();
        try (InputStream in = owner.getResourceAsStream(owner.getSimpleName() + ".class")) {
            if (in == null) {
                throw new IOException("no class file of " + owner);
            }
            for (MethodModel model : ClassFile.of().parse(in.readAllBytes()).methods()) {
                String name = model.methodName().stringValue();
                String key = name + model.methodType().stringValue();
                model.code()
                        .flatMap(code -> code.findAttribute(Attributes.localVariableTable()))
                        .ifPresent(table -> names.put(
                                key,
                                table.localVariables().stream()
                                        .filter(variable -> variable.startPc() == 0)
                                        .sorted(Comparator.comparingInt(LocalVariableInfo::slot))
                                        .map(variable -> variable.name().stringValue())
                                        .toList()));
            }
        }
        return names;
    }

    private static String descriptor(Method method) {
        StringBuilder text = new StringBuilder("(");
        Arrays.stream(method.getParameterTypes()).map(Class::descriptorString).forEach(text::append);
        return text.append(')')
                .append(method.getReturnType().descriptorString())
                .toString();
    }
}
