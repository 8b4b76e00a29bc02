package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.proto.CudaStatus;

final class HandleTableTest {
    @Test
    void findsWhatIsThereAndNothingElse() throws DeviceException {
        try (SoftwareDevice device = new SoftwareDevice(SoftwareDeviceOptions.defaults());
                DeviceContext context = device.createContext(0)) {
            HandleTable table = new HandleTable(500, 1);
            Resource.Context resource = new Resource.Context(context);
            List<Long> handles = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                handles.add(table.add(resource));
            }
            assertEquals(
                    CudaStatus.OUT_OF_MEMORY,
                    assertThrows(DeviceException.class, () -> table.add(resource))
                            .status());
            for (long handle : handles) {
                assertTrue(handle > 2);
                assertSame(resource, table.find(handle));
                assertNull(table.find(handle + (1L << 20)));
                assertNull(table.find(-handle));
            }
            long first = handles.getFirst();
            assertTrue(table.remove(first));
            assertFalse(table.remove(first));
            assertNull(table.find(first));
            long again = table.add(resource);
            assertNotEquals(first, again);
            assertNull(table.find(first));
            assertEquals(500, table.removeIf(r -> true).size());
            assertNull(table.find(again));
            table.close();
            assertThrows(DeviceException.class, () -> table.add(resource));
        }
    }
}
