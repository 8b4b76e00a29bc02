package org.v4vgpu.client.jcuda;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteContext;
import org.v4vgpu.client.RemoteDevice;
import org.v4vgpu.proto.CudaStatus;

/**
 * Each thread's stack of contexts, and the device that the runtime API works on. Every method speaks of the calling thread. Source:
 * CUDA driver API, context management; CUDA runtime API, interactions with the driver API.
 */
final class CurrentContext {
    private static final ThreadLocal<CurrentContext> MINE = ThreadLocal.withInitial(CurrentContext::new);

    private final Deque<RemoteContext> stack = new ArrayDeque<>();
    private int device;

    private CurrentContext() {}

    /**
     * The driver API's current context.
     *
     * @throws CudaException INVALID_CONTEXT if there is none, CONTEXT_IS_DESTROYED if it is gone
     */
    static RemoteContext get() {
        RemoteContext top = MINE.get().stack.peek();
        if (top == null) {
            Gpu.initialized();
            throw new CudaException(CudaStatus.INVALID_CONTEXT, "the thread has no current context");
        }
        if (!top.isOpen()) {
            throw new CudaException(CudaStatus.CONTEXT_IS_DESTROYED, "the current context was destroyed");
        }
        return top;
    }

    /**
     * The current context, which must be the one that something belongs to.
     *
     * @throws CudaException INVALID_CONTEXT if there is none, CONTEXT_IS_DESTROYED if it is gone, INVALID_HANDLE if it is another one
     */
    static RemoteContext require(RemoteContext owner, String what) {
        RemoteContext current = get();
        if (current != owner) {
            throw new CudaException(CudaStatus.INVALID_HANDLE, what + " belongs to another context");
        }
        return current;
    }

    static @Nullable RemoteContext peek() {
        return MINE.get().stack.peek();
    }

    static void push(RemoteContext context) {
        MINE.get().stack.push(context);
    }

    /** @throws CudaException INVALID_CONTEXT if there is none */
    static RemoteContext pop() {
        RemoteContext top = MINE.get().stack.poll();
        if (top == null) {
            throw new CudaException(CudaStatus.INVALID_CONTEXT, "the thread has no current context");
        }
        return top;
    }

    /** Replaces the top of the stack; with null the thread has no current context. */
    static void set(@Nullable RemoteContext context) {
        Deque<RemoteContext> stack = MINE.get().stack;
        stack.poll();
        if (context != null) {
            stack.push(context);
        }
    }

    /** Takes a context that was destroyed from the top. On other threads it stays current, as in CUDA. */
    static void dropDestroyed() {
        Deque<RemoteContext> stack = MINE.get().stack;
        RemoteContext top = stack.peek();
        if (top != null && !top.isOpen()) {
            stack.pop();
        }
    }

    /** The runtime API's context: the current one, or else the primary one of the thread's device, which becomes current. */
    static RemoteContext ofRuntime() {
        CurrentContext mine = MINE.get();
        RemoteContext top = mine.stack.peek();
        if (top != null && top.isOpen()) {
            return top;
        }
        Gpu.open();
        RemoteContext primary = Gpu.primary(Gpu.device(mine.device)).useByRuntime();
        set(primary);
        return primary;
    }

    /** The device that the runtime API works on. */
    static RemoteDevice deviceOfRuntime() {
        CurrentContext mine = MINE.get();
        RemoteContext top = mine.stack.peek();
        if (top != null && top.isOpen()) {
            return top.device();
        }
        Gpu.open();
        return Gpu.device(mine.device);
    }

    /** Selects the device that the runtime API works on, and makes its primary context current, as cudaSetDevice does since CUDA 12. */
    static void selectDevice(RemoteDevice selected) {
        RemoteContext primary = Gpu.primary(selected).useByRuntime();
        MINE.get().device = selected.ordinal();
        set(primary);
    }
}
