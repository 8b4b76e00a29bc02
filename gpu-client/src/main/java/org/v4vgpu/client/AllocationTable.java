package org.v4vgpu.client;

import java.util.Map;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** The memory of one context, by address: allocations and module variables. Safe for any thread. */
final class AllocationTable {
    private final ConcurrentNavigableMap<Long, DeviceMemory> byAddress = new ConcurrentSkipListMap<>();

    DeviceMemory add(DeviceMemory memory) {
        byAddress.put(memory.address(), memory);
        return memory;
    }

    /** The memory that holds {@code address}, its end excluded; null if there is none. */
    @Nullable
    DeviceMemory at(long address) {
        Map.Entry<Long, DeviceMemory> entry = byAddress.floorEntry(address);
        if (entry == null) {
            return null;
        }
        DeviceMemory memory = entry.getValue();
        return address - memory.address() < memory.byteSize() ? memory : null;
    }

    /** Whether {@code memory} was there and is not any more: only one caller gets this answer. */
    boolean remove(DeviceMemory memory) {
        return byAddress.remove(memory.address(), memory);
    }

    void clear() {
        byAddress.clear();
    }
}
