package org.v4vgpu.client.jcuda;

import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteEvent;
import org.v4vgpu.client.RemoteFunction;
import org.v4vgpu.client.RemoteModule;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/**
 * The numbers by which JCuda's handles name contexts, modules, functions, streams and events. Safe for any thread. One space for
 * both APIs and all servers; numbers are never used twice, so that a destroyed handle stays unknown.
 */
final class Handles {
    /** Above what CUDA itself gives a meaning: device ordinals, 1 and 2 for default streams. */
    private static final long FIRST = 0x10_0000;

    private static final long STEP = 16;

    private static final ConcurrentMap<Long, Object> OBJECTS = new ConcurrentHashMap<>();
    private static final ConcurrentMap<Object, Long> NAMES = new ConcurrentHashMap<>();
    private static final AtomicLong NEXT = new AtomicLong(FIRST);

    /** What destroyed contexts were called: threads may have them as current ones still, but nothing is found by them. */
    private static final Map<RemoteContext, Long> DESTROYED = Collections.synchronizedMap(new WeakHashMap<>());

    private Handles() {}

    /** The object's handle; a new one if it has none. */
    static long of(Object object) {
        Long known = NAMES.get(object);
        if (known != null) {
            return known;
        }
        if (object instanceof RemoteContext context && !context.isOpen()) {
            return DESTROYED.computeIfAbsent(context, key -> NEXT.getAndAdd(STEP));
        }
        return NAMES.computeIfAbsent(object, key -> {
            long handle = NEXT.getAndAdd(STEP);
            OBJECTS.put(handle, key);
            return handle;
        });
    }

    /**
     * What a handle names.
     *
     * @throws CudaException INVALID_HANDLE, INVALID_CONTEXT for contexts, INVALID_VALUE for pools, if it is unknown or names something else
     */
    static <T> T find(long handle, Class<T> type) {
        Object object = OBJECTS.get(handle);
        if (!type.isInstance(object)) {
            throw unknown(handle, type);
        }
        return type.cast(object);
    }

    /** As {@link #find}, and forgets the handle. */
    static <T> T remove(long handle, Class<T> type) {
        T object = find(handle, type);
        if (!OBJECTS.remove(handle, object)) {
            throw unknown(handle, type);
        }
        NAMES.remove(object);
        return object;
    }

    /** Forgets a module's functions. */
    static void forgetFunctionsOf(RemoteModule module) {
        removeIf(object -> object instanceof RemoteFunction function && function.module() == module);
    }

    /** Forgets a context and everything that was in it. */
    static void forgetAllOf(RemoteContext context) {
        Long name = NAMES.get(context);
        if (name != null) {
            DESTROYED.put(context, name);
        }
        removeIf(object -> switch (object) {
            case RemoteContext other -> other == context;
            case RemoteModule module -> module.context() == context;
            case RemoteFunction function -> function.module().context() == context;
            case RemoteStream stream -> stream.context() == context;
            case RemoteEvent event -> event.context() == context;
            case BlasHandle handle -> handle.context() == context;
            case DriverLinks.Link link -> link.context() == context;
            default -> false;
        });
    }

    private static void removeIf(Predicate<Object> isGone) {
        OBJECTS.values().removeIf(isGone);
        NAMES.keySet().removeIf(isGone);
    }

    private static CudaException unknown(long handle, Class<?> type) {
        CudaStatus status = type == RemoteContext.class
                ? CudaStatus.INVALID_CONTEXT
                : type == DriverPools.MemoryPool.class ? CudaStatus.INVALID_VALUE : CudaStatus.INVALID_HANDLE;
        String noun = type.getSimpleName().replace("Remote", "").toLowerCase(Locale.ROOT);
        return new CudaException(status, "0x" + Long.toHexString(handle) + " is no " + noun + ", or was destroyed");
    }
}
