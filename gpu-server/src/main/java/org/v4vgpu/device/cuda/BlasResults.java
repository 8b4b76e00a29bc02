package org.v4vgpu.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.v4vgpu.device.DeviceException;

/**
 * Where results of one context's cuBLAS are on their way to the host: a place on the device, and one in registered memory behind it. Safe
 * for any thread; a slot belongs to who has taken it.
 */
final class BlasResults {
    private static final int SLOT_BYTES = Double.BYTES;
    private static final int PAGE_BYTES = 4096;

    private final CudaContext context;

    /** No lock: who gives a slot back may be a thread of the driver's, which must not wait for a call of the driver. */
    private final Queue<Slot> idle = new ConcurrentLinkedQueue<>();

    private final Queue<MemorySegment> registered = new ConcurrentLinkedQueue<>();
    private final Arena arena = Arena.ofShared();

    /** Space for one result, aligned to it. */
    record Slot(long device, MemorySegment host) {}

    BlasResults(CudaContext context) {
        this.context = context;
    }

    Slot take() throws DeviceException {
        Slot slot = idle.poll();
        return slot != null ? slot : context.answer(this::grow);
    }

    /** With the context current, so that it is not being destroyed. */
    private Slot grow() throws DeviceException {
        long device = DriverMemory.allocate(PAGE_BYTES);
        MemorySegment page = arena.allocate(PAGE_BYTES, PAGE_BYTES);
        try {
            DriverMemory.register(page.address(), PAGE_BYTES);
            registered.add(page);
        } catch (DeviceException e) {
            DriverMemory.info(); // a broken context says so; else the page is not pinned, as in StagingPool
        }
        for (int offset = SLOT_BYTES; offset < PAGE_BYTES; offset += SLOT_BYTES) {
            idle.add(new Slot(device + offset, page.asSlice(offset, SLOT_BYTES)));
        }
        return new Slot(device, page.asSlice(0, SLOT_BYTES));
    }

    /** Does not wait. */
    void giveBack(Slot slot) {
        idle.add(slot);
    }

    /** With the context current, and nobody else in the driver: it is about to be destroyed, and the device's part with it. */
    void close() {
        for (MemorySegment page : registered) {
            try {
                DriverMemory.unregister(page.address());
            } catch (DeviceException e) {
                return; // in a broken context: as in StagingPool the memory stays
            }
        }
        registered.clear();
        arena.close();
    }
}
