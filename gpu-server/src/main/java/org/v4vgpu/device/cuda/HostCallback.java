package org.v4vgpu.device.cuda;

import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.v4vgpu.device.DeviceException;

/**
 * Functions of ours that the driver calls when a stream comes to them, on threads of its own. Safe for any thread.
 *
 * {@snippet lang = c :
 *   typedef void (*CUhostFn)(void *data);
 * }
 */
final class HostCallback {
    private static final System.Logger LOG = System.getLogger(HostCallback.class.getName());

    private static final AtomicLong NUMBERS = new AtomicLong();

    /** By the number that the driver gives back. A context that breaks calls none; they are few, and small. */
    private static final Map<Long, Runnable> PENDING = new ConcurrentHashMap<>();

    private static final MemorySegment STUB = stub();

    private HostCallback() {}

    /** Enqueues a function, which must not call the driver. With the context current. */
    static void enqueue(long stream, Runnable function) throws DeviceException {
        long number = NUMBERS.incrementAndGet();
        PENDING.put(number, function);
        try {
            DriverStreams.hostFunction(stream, STUB, number);
        } catch (DeviceException e) {
            PENDING.remove(number);
            throw e;
        }
    }

    private static MemorySegment stub() {
        try {
            return Linker.nativeLinker()
                    .upcallStub(
                            MethodHandles.lookup()
                                    .findStatic(
                                            HostCallback.class, "run", MethodType.methodType(void.class, long.class)),
                            FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG),
                            Arena.global());
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** What it throws would end the JVM. */
    @SuppressWarnings("UnusedMethod") // the stub calls it
    private static void run(long number) {
        try {
            Runnable function = PENDING.remove(number);
            if (function != null) {
                function.run();
            }
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "a host function failed", e);
        }
    }
}
