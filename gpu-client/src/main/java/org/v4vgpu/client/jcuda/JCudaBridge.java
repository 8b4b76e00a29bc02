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
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.proto.BlasStatus;
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
    private static final String NVRTC = "jcuda/nvrtc/JNvrtc";
    private static final String CUBLAS = "jcuda/jcublas/JCublas2";
    private static final String SET_LOG_LEVEL = "setLogLevel";

    private static final Map<String, List<Class<?>>> IMPLEMENTATIONS = Map.of(
            DRIVER,
            List.of(
                    DriverDevices.class,
                    DriverContexts.class,
                    DriverModules.class,
                    DriverLinks.class,
                    DriverLaunches.class,
                    DriverLegacyLaunches.class,
                    DriverOccupancy.class,
                    DriverMemory.class,
                    DriverManaged.class,
                    DriverPools.class,
                    DriverMemsets.class,
                    DriverCopies.class,
                    DriverPeers.class,
                    DriverStreams.class,
                    DriverCallbacks.class,
                    Profiling.class),
            RUNTIME,
            List.of(
                    RuntimeDevices.class,
                    RuntimeMemory.class,
                    RuntimeManaged.class,
                    RuntimePointers.class,
                    RuntimePeers.class,
                    RuntimeStreams.class,
                    RuntimeCallbacks.class,
                    Profiling.class),
            NVRTC,
            List.of(NvrtcPrograms.class),
            CUBLAS,
            List.of(BlasHandles.class, BlasTransfers.class, BlasVectors.class, BlasMatrices.class));

    /** What the libraries call "not supported", or come nearest to it with. */
    private static final Map<String, Integer> NOT_SUPPORTED = Map.of(
            DRIVER,
            801,
            RUNTIME,
            801,
            NVRTC,
            11,
            "jcuda/nvptxcompiler/JNvPTXCompiler",
            4,
            CUBLAS,
            15,
            "jcuda/jcusparse/JCusparse",
            10,
            "jcuda/jcufft/JCufft",
            16,
            "jcuda/jcurand/JCurand",
            999);

    /** What turns a failure into a number of the library, where that is not a CUresult. */
    private static final Map<String, String> FAILURES = Map.of(NVRTC, "failedProgram", CUBLAS, "failedBlas");

    /** How many reasons of one call's refusals with one status the log tells: a program that goes on is not to fill it. */
    private static final int MOST_REASONS = 10;

    /** What the log has told. */
    private static final Set<String> TOLD = ConcurrentHashMap.newKeySet();

    private static final Map<String, AtomicInteger> REASONS = new ConcurrentHashMap<>();

    static {
        if (ModuleLayer.boot().findModule("java.logging").isPresent()) {
            OneLineLog.install();
        }
    }

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
        String call = callOf(name);
        MethodHandle target =
                call.equals(SET_LOG_LEVEL) ? HERE.findStatic(JCudaBridge.class, call, type) : find(owner, call, type);
        if (target == null) {
            return notSupported(owner, call, type);
        }
        LOG.log(Level.DEBUG, "linked {0}.{1}", simpleName(owner), call);
        return implemented(owner, call, type, target);
    }

    /** Whether a native method of one of JCuda's classes has an implementation here. */
    static boolean isSupported(String owner, String name, MethodType type) throws ReflectiveOperationException {
        String call = callOf(name);
        return call.equals(SET_LOG_LEVEL) || find(owner, call, type) != null;
    }

    private static @Nullable MethodHandle find(String owner, String call, MethodType type)
            throws ReflectiveOperationException {
        for (Class<?> implementation : IMPLEMENTATIONS.getOrDefault(owner, List.of())) {
            MethodHandle found = find(implementation, call, type);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private static @Nullable MethodHandle find(Class<?> implementation, String call, MethodType type)
            throws ReflectiveOperationException {
        try {
            for (Method method : implementation.getDeclaredMethods()) {
                if (method.getName().equals(call)
                        && List.of(method.getParameterTypes()).equals(type.parameterList())) {
                    return HERE.unreflect(method);
                }
            }
        } catch (NoClassDefFoundError e) {
            // An older JCuda lacks a type that this part of the API is about, and so its calls.
            LOG.log(Level.DEBUG, "{0} is left out: no {1}", implementation.getSimpleName(), e.getMessage());
        }
        return null;
    }

    private static String callOf(String name) {
        return name.endsWith("Native") ? name.substring(0, name.length() - "Native".length()) : name;
    }

    private static String simpleName(String owner) {
        return owner.substring(owner.lastIndexOf('/') + 1);
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
                JCudaBridge.class,
                FAILURES.getOrDefault(owner, "failed"),
                MethodType.methodType(int.class, String.class, CudaException.class));
        MethodHandle result = MethodHandles.catchException(
                target, CudaException.class, MethodHandles.insertArguments(handler, 0, call));
        return owner.equals(RUNTIME) ? MethodHandles.filterReturnValue(result, LastError.RECORDER) : result;
    }

    @SuppressWarnings("UnusedMethod") // by its method handle
    private static int failed(String call, CudaException e) {
        tell(call, e);
        return BlasStatus.asCuda(e.status()).code(); // an earlier operation of cuBLAS may have failed late
    }

    private static void tell(String call, CudaException e) {
        LOG.log(isWorthTelling(call, e) ? Level.WARNING : Level.DEBUG, () -> call + ": " + e.getMessage());
    }

    @SuppressWarnings("UnusedMethod") // by its method handle
    private static int failedProgram(String call, CudaException e) {
        tell(call, e);
        return NvrtcPrograms.resultOf(e);
    }

    @SuppressWarnings("UnusedMethod") // by its method handle
    private static int failedBlas(String call, CudaException e) {
        tell(call, e);
        return BlasHandles.statusOf(e);
    }

    /** Every reason once; a server that is gone once for all calls. */
    private static boolean isWorthTelling(String call, CudaException e) {
        if (e.status().equals(CudaStatus.DEVICE_UNAVAILABLE)) {
            return !Gpu.isLost() && TOLD.add(e.getMessage()); // the loss itself is told where it is noticed
        }
        String kind = call + e.status().code();
        AtomicInteger reasons = REASONS.computeIfAbsent(kind, key -> new AtomicInteger());
        if (reasons.get() >= MOST_REASONS || !TOLD.add(kind + e.getMessage())) {
            return false;
        }
        return reasons.getAndIncrement() < MOST_REASONS;
    }

    private static MethodHandle notSupported(String owner, String call, MethodType type) {
        LOG.log(Level.WARNING, () -> simpleName(owner) + "." + call + " is not supported by v4vgpu");
        Class<?> result = type.returnType();
        MethodHandle answer = result == int.class
                ? MethodHandles.constant(int.class, NOT_SUPPORTED.getOrDefault(owner, CudaStatus.NOT_SUPPORTED.code()))
                : MethodHandles.zero(result);
        if (owner.equals(RUNTIME) && result == int.class) {
            answer = MethodHandles.filterReturnValue(answer, LastError.RECORDER);
        }
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
