package org.v4vgpu.device.cuda;

import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.TreeSet;
import org.v4vgpu.device.DeviceException;

/**
 * The pool of one context, from which it allocates in the order of its streams; made when it is first wanted. Safe for any thread. A pool of
 * its own, so that nothing of one client's is given to another while work still uses it, and so that all goes with the context.
 */
final class ContextPool {
    private static final System.Logger LOG = System.getLogger(ContextPool.class.getName());

    /** CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED. */
    private static final int POOLS_SUPPORTED = 115;

    private final CudaContext context;

    // Guarded by this.
    private long pool;
    private final Set<Long> given = new TreeSet<>();

    ContextPool(CudaContext context) {
        this.context = context;
    }

    boolean isSupported() {
        return context.device().attribute(POOLS_SUPPORTED) != 0;
    }

    /** Memory for what comes in a stream from now on. What waits on the host before the driver's stream can't know of it yet. */
    long allocate(long bytes, StreamQueue stream) throws DeviceException {
        long[] address = new long[1];
        context.order().issueAhead(stream, () -> {
            synchronized (this) {
                if (pool == 0) {
                    pool = DriverPools.create(context.device().number());
                }
                address[0] = DriverPools.allocate(bytes, pool, stream.handle());
                given.add(address[0]);
            }
        });
        return address[0];
    }

    /** Whether an address is one that it gave and has not back. */
    synchronized boolean gave(long address) {
        return given.contains(address);
    }

    /** In the stream's order. With the context current. */
    void free(long address, long stream) throws DeviceException {
        DriverPools.free(address, stream);
        forget(address);
    }

    /** It was freed otherwise. */
    synchronized void forget(long address) {
        given.remove(address);
    }

    /** The device has what nobody uses again. Does nothing in a context that is broken. */
    void trim() {
        long known;
        synchronized (this) {
            known = pool;
        }
        if (known == 0) {
            return;
        }
        try {
            context.call(() -> DriverPools.trim(known));
        } catch (DeviceException e) {
            LOG.log(Level.DEBUG, "{0}: its pool is not trimmed: {1}", context.name(), e.getMessage());
        }
    }

    /** With the context current, and nobody else in the driver: it is about to be destroyed, whatever becomes of this, and nothing runs in it. */
    synchronized void close() {
        if (pool == 0) {
            return;
        }
        for (long address : given) {
            attempt(() -> DriverMemory.free(address));
        }
        given.clear();
        attempt(() -> DriverPools.destroy(pool));
        pool = 0;
    }

    /** In a context that an assert has broken the driver takes nothing back. */
    private void attempt(IssueOrder.Step step) {
        try {
            step.run();
        } catch (DeviceException e) {
            LOG.log(Level.DEBUG, "{0}: its pool: {1}", context.name(), e.getMessage());
            context.device().tellIfFatal(e);
        }
    }
}
