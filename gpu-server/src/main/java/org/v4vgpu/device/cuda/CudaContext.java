package org.v4vgpu.device.cuda;

import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceBlas;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceEvent;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceModule;
import org.v4vgpu.device.DevicePrintout;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.device.MemoryInfo;
import org.v4vgpu.proto.CudaStatus;

/**
 * A context of a GPU, one of the driver's own for each. Safe for any thread.
 *
 * <p>Every call of the driver goes through {@link #call} or {@link #answer}: they bind the context, keep it from being destroyed
 * meanwhile, and look at errors.
 */
final class CudaContext implements DeviceContext {
    private static final System.Logger LOG = System.getLogger(CudaContext.class.getName());

    /** How long {@link #close} waits for the driver; a kernel that runs on keeps it waiting. */
    private static final long CLOSE_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final int NON_BLOCKING = 1;
    private static final int STACK_SIZE = 0;
    private static final int LIMITS = 12;

    /** The driver's most local memory per thread (CUDA C++ Programming Guide, technical specifications). */
    private static final long MOST_STACK_BYTES = 512 * 1024;

    private final CudaDevice device;
    private final String name;
    private final long handle;
    private final ContextFault fault = new ContextFault();
    private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final EventPool events = new EventPool();
    private final IssueOrder order = new IssueOrder(this);
    private final ContextMemory memory = new ContextMemory(this);
    private final StagingPool staging = new StagingPool(this);
    private final Object blasLock = new Object();
    private final CudaStream defaultStream = new CudaStream(this, new StreamQueue(StreamQueue.Kind.DEFAULT, 0, events));

    /** Whether the driver has it no more. Guarded by {@code use}. */
    private boolean destroyed;

    /** Made when it is first asked for. Guarded by {@code blasLock}, which is taken after {@code use}. */
    private @Nullable CudaBlas blas;

    // SYNC: context-prints. Once true it stays.
    private volatile boolean prints;

    /** Something of the driver's that returns a value. */
    @FunctionalInterface
    interface Question<T> {
        T ask() throws DeviceException;
    }

    private CudaContext(CudaDevice device, String name, long handle) {
        this.device = device;
        this.name = name;
        this.handle = handle;
    }

    static CudaContext create(CudaDevice device, String name, int flags, int number) throws DeviceException {
        CudaContext context = new CudaContext(device, name, DriverContexts.create(flags, number));
        context.order.add(context.defaultStream.queue());
        return context;
    }

    // ---- the driver

    /** Calls the driver with this context current. @throws DeviceException its error, or what has broken the context */
    void call(IssueOrder.Step step) throws DeviceException {
        use.readLock().lock();
        try {
            fault.requireNone(); // whom it concerns has been told
            try {
                CurrentContext.bind(this, handle);
                step.run();
            } catch (DeviceException e) {
                fail(e);
                throw e;
            }
        } finally {
            use.readLock().unlock();
        }
    }

    /** As {@link #call}, with a result. */
    <T> T answer(Question<T> question) throws DeviceException {
        use.readLock().lock();
        try {
            fault.requireNone();
            try {
                CurrentContext.bind(this, handle);
                return question.ask();
            } catch (DeviceException e) {
                fail(e);
                throw e;
            }
        } finally {
            use.readLock().unlock();
        }
    }

    /**
     * Has another context's stream do something with this one, which is not destroyed meanwhile. Never waits for who is about to destroy it: two
     * contexts may be lent to each other.
     *
     * @throws DeviceException INVALID_CONTEXT if this one is broken or closed, which breaks the other one not
     */
    void lend(IssueOrder.Step step) throws DeviceException {
        boolean isLent = use.readLock().tryLock();
        try {
            if (!isLent || fault.isSet()) {
                throw new DeviceException(CudaStatus.INVALID_CONTEXT, name + " is broken or closed");
            }
            step.run();
        } finally {
            if (isLent) {
                use.readLock().unlock();
            }
        }
    }

    /** The driver's context. */
    long handle() {
        return handle;
    }

    /**
     * Calls the driver to take something back, in a broken context as well. Returns false, without a call, if the context is closed: then
     * what it has goes with it.
     */
    boolean giveBack(IssueOrder.Step step) throws DeviceException {
        use.readLock().lock();
        try {
            if (closed.get()) {
                return false;
            }
            CurrentContext.bind(this, handle);
            step.run();
            return true;
        } finally {
            use.readLock().unlock();
        }
    }

    /**
     * Whether the work before a mark is over, also in a context that is broken, cancelled or about to be destroyed. What the driver won't
     * tell of is over.
     */
    boolean isOver(CudaMark mark) {
        use.readLock().lock();
        try {
            if (destroyed) {
                return true;
            }
            CurrentContext.bind(this, handle);
            return mark.isDone();
        } catch (DeviceException e) {
            fail(e);
            return true;
        } finally {
            use.readLock().unlock();
        }
    }

    /** Breaks the context if the error is one that does. */
    void fail(DeviceException e) {
        if (e.status().isFatal() || CudaDevice.endsProcess(e.status())) {
            if (fault.set(e)) {
                LOG.log(Level.WARNING, "{0} is broken: {1}: {2}", name, e.status(), e.getMessage());
            }
            device.tellIfFatal(e);
        }
    }

    /** The driver has refused work whose call has returned long ago: nobody would hear of it, so the context is broken. */
    void failDeferred(DeviceException e) {
        if (fault.set(new DeviceException(
                CudaStatus.LAUNCH_FAILED, "work behind a host function or copy was refused: " + e.getMessage(), e))) {
            LOG.log(Level.WARNING, "{0} is broken: {1}: {2}", name, e.status(), e.getMessage());
        }
    }

    boolean isBroken() {
        return fault.isSet();
    }

    void requireUsable() throws DeviceException {
        fault.requireNone();
    }

    // ---- memory

    @Override
    public long allocate(long bytes) throws DeviceException {
        return memory.allocate(bytes);
    }

    @Override
    public void free(long address) throws DeviceException {
        memory.free(address);
    }

    @Override
    public long allocate(long bytes, DeviceStream stream) throws DeviceException {
        return memory.allocate(bytes, CudaStream.of(stream, this).queue());
    }

    @Override
    public void free(long address, DeviceStream stream) throws DeviceException {
        memory.free(address, CudaStream.of(stream, this));
    }

    void trimPool() {
        memory.trim();
    }

    @Override
    public boolean isFreeing(long untilNanos) {
        return !isBroken() && memory.isFreeing(untilNanos);
    }

    @Override
    public long usedBytes() {
        return memory.usedBytes();
    }

    @Override
    public MemoryInfo memoryInfo() throws DeviceException {
        memory.trim(); // what a pool keeps in reserve is free
        return answer(DriverMemory::info);
    }

    // ---- limits

    @Override
    public long limit(int limit) throws DeviceException {
        checkLimit(limit);
        return answer(() -> DriverContexts.limit(limit));
    }

    @Override
    public void setLimit(int limit, long value) throws DeviceException {
        checkLimit(limit);
        if (value < 0 || (limit == STACK_SIZE && value > MOST_STACK_BYTES)) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE, "limit " + limit + " of " + Long.toUnsignedString(value));
        }
        call(() -> DriverContexts.setLimit(limit, value));
    }

    private void checkLimit(int limit) throws DeviceException {
        requireUsable();
        if (limit < 0 || limit >= LIMITS) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "no CUlimit has the number " + limit);
        }
    }

    // ---- what is made in it

    @Override
    public DeviceStream defaultStream() {
        return defaultStream;
    }

    @Override
    public DeviceStream createStream(int flags, int priority) throws DeviceException {
        requireUsable();
        if ((flags & ~NON_BLOCKING) != 0) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "stream flags 0x" + Integer.toHexString(flags));
        }
        long stream = answer(() -> DriverStreams.create(flags, priority));
        StreamQueue.Kind kind = flags == 0 ? StreamQueue.Kind.BLOCKING : StreamQueue.Kind.NON_BLOCKING;
        StreamQueue queue = new StreamQueue(kind, stream, events);
        order.add(queue);
        return new CudaStream(this, queue);
    }

    @Override
    public DeviceEvent createEvent(int flags) throws DeviceException {
        requireUsable();
        return CudaEvent.create(this, flags);
    }

    @Override
    public DeviceModule loadModule(MemorySegment image) throws DeviceException {
        requireUsable();
        return CudaModule.load(this, image);
    }

    @Override
    public DeviceModule linkModule(List<MemorySegment> images) throws DeviceException {
        requireUsable();
        return CudaModule.link(this, images);
    }

    /** Within one call of the driver, so that the context is not destroyed before the handle is known. */
    @Override
    public DeviceBlas blas() throws DeviceException {
        return answer(() -> {
            synchronized (blasLock) {
                CudaBlas known = blas;
                if (known == null) {
                    known = CudaBlas.open(this);
                    blas = known;
                }
                return known;
            }
        });
    }

    /**
     * The driver writes what kernels print to this process's standard output, when a program calls it to synchronise. Nothing here does,
     * so where kernels may print and all work is done it is called for that.
     */
    @Override
    public DevicePrintout printed() {
        try {
            if (prints) {
                order.callIfIdle(DriverContexts::synchronize);
            }
        } catch (DeviceException e) {
            LOG.log(Level.DEBUG, "{0}: what it had printed stays with the driver: {1}", name, e.getMessage());
        }
        return DevicePrintout.NOTHING;
    }

    /** A module is there whose kernels may print. */
    void expectPrinting() {
        prints = true;
    }

    @Override
    public DeviceWork enqueued() throws DeviceException {
        List<CudaMark> marks = order.marks(null);
        List<DeviceWork> frees = memory.pending();
        if (marks.isEmpty() && frees.isEmpty()) {
            return waitFor(List.of());
        }
        DeviceWork work = waitFor(marks);
        return timeoutNanos -> {
            long start = System.nanoTime();
            boolean done = work.await(timeoutNanos);
            for (DeviceWork free : frees) {
                done = done && free.await(Math.max(0, timeoutNanos - (System.nanoTime() - start)));
            }
            return done;
        };
    }

    /** What marks say, to be waited for. */
    DeviceWork waitFor(List<CudaMark> marks) {
        return timeoutNanos -> CompletionWait.until(() -> areDone(marks), timeoutNanos);
    }

    boolean areDone(List<CudaMark> marks) throws DeviceException {
        requireUsable();
        for (CudaMark mark : marks) {
            if (!answer(mark::isDone)) {
                return false;
            }
        }
        return true;
    }

    CudaDevice device() {
        return device;
    }

    ContextMemory memory() {
        return memory;
    }

    IssueOrder order() {
        return order;
    }

    EventPool events() {
        return events;
    }

    StagingPool staging() {
        return staging;
    }

    String name() {
        return name;
    }

    // ---- the end

    /** {@inheritDoc} The GPU knows no cancellation: a kernel that runs goes on, but nobody waits for it, and no other follows. */
    @Override
    public void cancel() {
        fault.set(new DeviceException(CudaStatus.CONTEXT_IS_DESTROYED, name + " was cancelled"));
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        fault.replace(new DeviceException(CudaStatus.CONTEXT_IS_DESTROYED, name + " is closed"));
        Thread destroyer = Thread.ofPlatform().daemon().name("destroy " + name).start(this::destroy);
        boolean interrupted = false;
        long deadline = System.nanoTime() + CLOSE_PATIENCE_NANOS;
        while (destroyer.isAlive() && System.nanoTime() - deadline < 0) {
            try {
                destroyer.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (destroyer.isAlive()) {
            LOG.log(
                    Level.ERROR,
                    "{0}: a kernel still runs, and nothing ends it but its own end or that of this process; its memory"
                            + " stays until then",
                    name);
        }
    }

    /** When the last call has come back from the driver. */
    private void destroy() {
        awaitCalls();
        try {
            memory.peers().close();
            CurrentContext.bind(this, handle);
            awaitDma();
            RegisteredMemory.leave(this);
        } catch (DeviceException e) {
            LOG.log(Level.DEBUG, "{0}: {1}", name, e.getMessage());
        }
        use.writeLock().lock();
        try {
            CurrentContext.bind(this, handle);
            destroyed = true;
            closeBlas();
            staging.close();
            memory.close();
            memory.closePool();
            DriverContexts.destroy(handle);
        } catch (DeviceException e) {
            LOG.log(Level.WARNING, "{0}: destroying it failed: {1}", name, e.getMessage());
            device.tellIfFatal(e);
        } finally {
            use.writeLock().unlock();
            memory.forgetAll();
            device.forget(this);
        }
    }

    private void closeBlas() {
        synchronized (blasLock) {
            if (blas != null) {
                blas.close();
            }
        }
    }

    /** Registered memory stays as long as a copy may use it. */
    private void awaitDma() {
        try {
            DriverContexts.synchronize();
        } catch (DeviceException e) {
            LOG.log(Level.DEBUG, "{0}: {1}", name, e.getMessage()); // broken: nothing runs in it any more
        }
    }

    /** Those that come later see that the context is closed. */
    private void awaitCalls() {
        use.writeLock().lock();
        try {
            assert fault.isSet();
        } finally {
            use.writeLock().unlock();
        }
    }
}
