package org.v4vgpu.device.cuda;

import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceRegion;
import org.v4vgpu.proto.CudaStatus;

/**
 * Host memory that copies may use in place. Safe for any thread.
 *
 * <p>The first context that copies from or to it registers it for all; when that context goes, the next one does. Where the driver refuses
 * (locked memory is limited, or the memory is of a kind that it can't pin), copies go through buffers. Only whole pages count.
 *
 * <p>Locks: this one's, then the context's.
 */
final class RegisteredMemory implements DeviceRegion {
    private static final System.Logger LOG = System.getLogger(RegisteredMemory.class.getName());
    private static final long PAGE_BYTES = 4096;

    /** By first address. */
    private static final ConcurrentSkipListMap<Long, RegisteredMemory> ALL = new ConcurrentSkipListMap<>();

    /** Closed, but still registered by a context that is on its way to be destroyed. */
    private static final Set<RegisteredMemory> LEFT = ConcurrentHashMap.newKeySet();

    private final long address;
    private final long bytes;

    /** Read: a copy uses the memory. Write: it is registered or the opposite. */
    private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();

    // Guarded by the lock.
    private @Nullable CudaContext owner;
    private boolean refused;
    private boolean closed;

    private RegisteredMemory(long address, long bytes) {
        this.address = address;
        this.bytes = bytes;
    }

    /** Memory that may be registered when it is first used. */
    static DeviceRegion add(MemorySegment memory) {
        if (!memory.isNative()) {
            return NONE;
        }
        long begin = (memory.address() + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
        long end = (memory.address() + memory.byteSize()) / PAGE_BYTES * PAGE_BYTES;
        if (begin >= end) {
            return NONE;
        }
        RegisteredMemory region = new RegisteredMemory(begin, end - begin);
        return ALL.putIfAbsent(begin, region) == null ? region : NONE; // somebody else has said so already
    }

    /** The region that a chunk lies in; null if there is none. */
    static @Nullable RegisteredMemory of(MemorySegment chunk) {
        if (!chunk.isNative()) {
            return null;
        }
        Map.Entry<Long, RegisteredMemory> entry = ALL.floorEntry(chunk.address());
        if (entry == null) {
            return null;
        }
        RegisteredMemory region = entry.getValue();
        return chunk.address() + chunk.byteSize() <= region.address + region.bytes ? region : null;
    }

    /** Holds the memory registered until {@link #end}. Returns false, and holds nothing, if it can't be. */
    @SuppressWarnings("LockNotBeforeTry") // the lock is what is held
    boolean begin(CudaContext context) throws DeviceException {
        use.readLock().lock();
        if (owner != null) {
            return true;
        }
        use.readLock().unlock();
        use.writeLock().lock();
        try {
            if (owner == null && !refused && !closed) {
                registerIn(context);
            }
            if (owner != null) {
                use.readLock().lock();
                return true;
            }
            return false;
        } finally {
            use.writeLock().unlock();
        }
    }

    private void registerIn(CudaContext context) throws DeviceException {
        try {
            context.call(() -> {
                DriverMemory.register(address, bytes);
                owner = context;
            });
        } catch (DeviceException e) {
            context.requireUsable();
            if (e.status().equals(CudaStatus.HOST_MEMORY_ALREADY_REGISTERED)) {
                return; // other memory was there, whose context is not gone yet
            }
            refused = true;
            LOG.log(
                    Level.WARNING,
                    "copies go through buffers, because the driver can''t pin {0} bytes of host memory: {1}"
                            + " (see ulimit -l)",
                    Long.toString(bytes),
                    e.getMessage());
        }
    }

    /**
     * Whether a context has registered the memory, or has done so now. Its own copies may then be enqueued and left alone: the memory
     * stays registered until they are done.
     */
    boolean belongsTo(CudaContext context) throws DeviceException {
        if (!begin(context)) {
            return false;
        }
        try {
            return owner == context;
        } finally {
            end();
        }
    }

    void end() {
        use.readLock().unlock();
    }

    /** A context is about to be destroyed: what it has registered is for another one to register again. With it current. */
    static void leave(CudaContext context) {
        List<RegisteredMemory> regions = new ArrayList<>(ALL.values());
        regions.addAll(LEFT); // after the others: close() puts a region here before it takes it from there
        for (RegisteredMemory region : regions) {
            region.use.writeLock().lock();
            try {
                if (region.owner == context) {
                    region.unregister();
                }
            } finally {
                region.use.writeLock().unlock();
            }
        }
    }

    @Override
    public void close() {
        use.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            CudaContext registrar = owner;
            if (registrar == null) {
                ALL.remove(address, this);
                return;
            }
            LEFT.add(this);
            ALL.remove(address, this);
            if (registrar.giveBack(this::unregister)) {
                LEFT.remove(this);
            }
        } catch (DeviceException e) {
            LOG.log(Level.DEBUG, "unregistered with its context: {0}", e.getMessage()); // it could not be bound
        } finally {
            use.writeLock().unlock();
        }
    }

    private void unregister() {
        owner = null;
        LEFT.remove(this);
        try {
            DriverMemory.unregister(address);
        } catch (DeviceException e) {
            LOG.log(Level.DEBUG, "cuMemHostUnregister in a broken context: {0}", e.getMessage());
        }
    }
}
