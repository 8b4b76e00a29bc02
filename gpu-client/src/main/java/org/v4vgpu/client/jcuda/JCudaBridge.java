package org.v4vgpu.client.jcuda;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.proto.CudaStatus;

/**
 * Finds what a rewritten native method of JCuda is to call. Safe for any thread.
 *
 * <p>An implementation that returns nothing becomes a method that returns the CUresult: success, or the status of the {@link
 * CudaException} that it threw. A native method without an implementation answers "not supported" in its library's numbers, and
 * the log names it once.
 */
public final class JCudaBridge {
    private static final Logger LOG = System.getLogger(JCudaBridge.class.getName());
    private static final MethodHandles.Lookup HERE = MethodHandles.lookup();

    private static final String DRIVER = "jcuda/driver/JCudaDriver";
    private static final String RUNTIME = "jcuda/runtime/JCuda";

    private static final Map<String, List<Class<?>>> IMPLEMENTATIONS = Map.of(
            DRIVER,
            List.of(
                    DriverDevices.class,
                    DriverContexts.class,
                    DriverModules.class,
                    DriverLaunches.class,
                    DriverMemory.class,
                    DriverCopies.class,
                    DriverStreams.class),
            RUNTIME,
            List.of(RuntimeDevices.class, RuntimeMemory.class, RuntimeStreams.class));

    /** What the libraries call "not supported", or come nearest to it with. */
    private static final Map<String, Integer> NOT_SUPPORTED = Map.of(
            DRIVER,
            801,
            RUNTIME,
            801,
            "jcuda/nvrtc/JNvrtc",
            11,
            "jcuda/nvptxcompiler/JNvPTXCompiler",
            4,
            "jcuda/jcublas/JCublas2",
            15,
            "jcuda/jcusparse/JCusparse",
            10,
            "jcuda/jcufft/JCufft",
            16,
            "jcuda/jcurand/JCurand",
            999);

    /** Failures that the log has already told, as call and status: a program that goes on is not to fill it. */
    private static final Set<String> TOLD = ConcurrentHashMap.newKeySet();

    private JCudaBridge() {}

    /**
     * Links one native method. Called by {@code JCudaBootstrap}.
     *
     * @param caller of the class that the method is in, with its rights
     * @param owner the internal name of that class
     */
    public static MethodHandle link(MethodHandles.Lookup caller, String name, MethodType type, String owner)
            throws ReflectiveOperationException {
        JCudaFields.grant(caller);
        String call = name.endsWith("Native") ? name.substring(0, name.length() - "Native".length()) : name;
        if (call.equals("setLogLevel")) {
            return HERE.findStatic(JCudaBridge.class, "setLogLevel", type);
        }
        for (Class<?> implementation : IMPLEMENTATIONS.getOrDefault(owner, List.of())) {
            for (Method method : implementation.getDeclaredMethods()) {
                if (method.getName().equals(call)
                        && List.of(method.getParameterTypes()).equals(type.parameterList())) {
                    return implemented(owner, call, type, HERE.unreflect(method));
                }
            }
        }
        return notSupported(owner, call, type);
    }

    private static MethodHandle implemented(String owner, String call, MethodType type, MethodHandle target)
            throws ReflectiveOperationException {
        if (type.returnType() != int.class || LastError.isReader(call)) {
            return target;
        }
        if (target.type().returnType() == void.class) {
            target = MethodHandles.filterReturnValue(target, MethodHandles.constant(int.class, 0));
        }
        MethodHandle handler = HERE.findStatic(
                JCudaBridge.class, "failed", MethodType.methodType(int.class, String.class, CudaException.class));
        MethodHandle result = MethodHandles.catchException(
                target, CudaException.class, MethodHandles.insertArguments(handler, 0, call));
        return owner.equals(RUNTIME) ? MethodHandles.filterReturnValue(result, LastError.RECORDER) : result;
    }

    @SuppressWarnings("UnusedMethod") // by its method handle
    private static int failed(String call, CudaException e) {
        boolean first = TOLD.size() < 1000 && TOLD.add(call + e.status().code());
        LOG.log(first ? Level.WARNING : Level.DEBUG, () -> call + ": " + e.getMessage());
        return e.status().code();
    }

    private static MethodHandle notSupported(String owner, String call, MethodType type) {
        LOG.log(
                Level.WARNING,
                () -> owner.substring(owner.lastIndexOf('/') + 1) + "." + call + " is not supported by v4vgpu");
        Class<?> result = type.returnType();
        MethodHandle answer = result == int.class
                ? MethodHandles.constant(int.class, NOT_SUPPORTED.getOrDefault(owner, CudaStatus.NOT_SUPPORTED.code()))
                : MethodHandles.zero(result);
        return MethodHandles.dropArguments(answer, 0, type.parameterList());
    }

    /** JCuda's log level governs what its native libraries print; there are none. Ours goes to {@code System.Logger}. */
    @SuppressWarnings("UnusedMethod") // by its method handle
    private static void setLogLevel(int level) {
        LOG.log(Level.DEBUG, "JCuda log level {0}: what v4vgpu logs is set where System.Logger is", level);
    }

    /** As JCuda's native code does for what must not be null. */
    static <T> T mandatory(@Nullable T value, String parameter, String call) {
        if (value == null) {
            throw new NullPointerException("Parameter '" + parameter + "' is null for " + call);
        }
        return value;
    }
}
