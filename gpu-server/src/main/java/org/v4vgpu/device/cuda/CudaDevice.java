package org.v4vgpu.device.cuda;

import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceDescription;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceRegion;
import org.v4vgpu.proto.CudaStatus;

/**
 * A GPU, through NVIDIA's driver. Safe for any thread.
 *
 * <p>A fatal error (an illegal address in a kernel and its kind) leaves CUDA unusable in the whole process: the handler given to {@link
 * #open} is told once, and is to end the process soon.
 *
 * {@snippet :
 *   try (Device device = CudaDevice.open(0, failure -> Runtime.getRuntime().halt(4));
 *           DeviceContext context = device.createContext(0)) {
 *       long address = context.allocate(4096);
 *       context.defaultStream().fill(address, 4, 7, 1024);
 *   }
 * }
 */
public final class CudaDevice implements Device {
    /** CU_CTX_FLAGS_MASK without CU_CTX_COREDUMP_*, which would have the server write files. */
    private static final int CONTEXT_FLAGS = 0x9f;

    private static final int HIGHEST_ATTRIBUTE = 150;

    /**
     * What the GPU can and a client on another machine can't have, by CUdevice_attribute: its memory is not the GPU's.
     */
    private static final Set<Integer> NOT_FOR_CLIENTS = Set.of(
            19, // CAN_MAP_HOST_MEMORY
            83, // MANAGED_MEMORY
            88, // PAGEABLE_MEMORY_ACCESS
            89, // CONCURRENT_MANAGED_ACCESS
            91, // CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM
            100, // PAGEABLE_MEMORY_ACCESS_USES_HOST_PAGE_TABLES
            101); // DIRECT_MANAGED_MEM_ACCESS_FROM_HOST

    private final int device;
    private final DeviceDescription description;
    private final Consumer<DeviceException> onFatal;

    // Guarded by this.
    private final Set<CudaContext> contexts = new HashSet<>();
    private int created;
    private boolean closed;
    private boolean failed;

    private CudaDevice(int device, DeviceDescription description, Consumer<DeviceException> onFatal) {
        this.device = device;
        this.description = description;
        this.onFatal = onFatal;
    }

    /**
     * Opens a device.
     *
     * @param onFatal is told of the first error after which the process can't use CUDA any more; on the thread that meets it, which
     *     goes on with that error
     * @throws DeviceException if there is no driver, or no device of that number; the message says what to do
     */
    public static CudaDevice open(int ordinal, Consumer<DeviceException> onFatal) throws DeviceException {
        Cuda.ensureAvailability();
        int device = DriverDevices.get(ordinal);
        Map<Integer, Integer> attributes = new TreeMap<>();
        for (int attribute = 1; attribute <= HIGHEST_ATTRIBUTE; attribute++) {
            attributes.put(attribute, NOT_FOR_CLIENTS.contains(attribute) ? 0 : attribute(attribute, device));
        }
        DeviceDescription description = new DeviceDescription(
                DriverDevices.name(device),
                DriverDevices.uuid(device),
                DriverDevices.totalBytes(device),
                DriverDevices.version(),
                Map.copyOf(attributes));
        return new CudaDevice(device, description, onFatal);
    }

    /** One that the driver does not know is none that the device has. */
    private static int attribute(int attribute, int device) throws DeviceException {
        try {
            return DriverDevices.attribute(attribute, device);
        } catch (DeviceException e) {
            if (e.status().equals(CudaStatus.INVALID_VALUE)) {
                return 0;
            }
            throw e;
        }
    }

    @Override
    public DeviceDescription description() {
        return description;
    }

    @Override
    public long usedBytes() {
        long used = 0;
        for (CudaContext context : contexts()) {
            used += context.usedBytes();
        }
        return used;
    }

    @Override
    public DeviceContext createContext(int flags) throws DeviceException {
        String name;
        synchronized (this) {
            if (closed) {
                throw new DeviceException(CudaStatus.DEINITIALIZED, "the device is closed");
            }
            name = description.name() + ", context " + created++;
        }
        if ((flags & ~CONTEXT_FLAGS) != 0) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "context flags 0x" + Integer.toHexString(flags));
        }
        CudaContext context;
        try {
            context = CudaContext.create(this, name, flags, device);
        } catch (DeviceException e) {
            tellIfFatal(e);
            throw e;
        }
        synchronized (this) {
            if (!closed) {
                contexts.add(context);
                return context;
            }
        }
        context.close();
        throw new DeviceException(CudaStatus.DEINITIALIZED, "the device is closed");
    }

    @Override
    public DeviceRegion register(MemorySegment memory) {
        return RegisteredMemory.add(memory);
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        contexts().forEach(CudaContext::close);
    }

    /** The driver's CUdevice. */
    int number() {
        return device;
    }

    /** There is not enough memory: what the contexts' pools keep in reserve goes back. */
    void trimPools() {
        contexts().forEach(CudaContext::trimPool);
    }

    int attribute(int attribute) {
        return description.attributes().getOrDefault(attribute, 0);
    }

    /** A context is destroyed. */
    synchronized void forget(CudaContext context) {
        contexts.remove(context);
    }

    /** Whether an error "leaves the process in an inconsistent state" (CUDA driver API, CUresult); an assert breaks its context only. */
    static boolean endsProcess(CudaStatus status) {
        return switch (status.code()) {
            case 214, 220, 226, 700, 702, 714, 715, 716, 717, 718, 719 -> true;
            default -> false;
        };
    }

    /** Tells the owner of the first error that ends CUDA in this process. */
    void tellIfFatal(DeviceException e) {
        if (!endsProcess(e.status())) {
            return;
        }
        synchronized (this) {
            if (failed) {
                return;
            }
            failed = true;
        }
        onFatal.accept(e);
    }

    private synchronized List<CudaContext> contexts() {
        return List.copyOf(contexts);
    }
}
