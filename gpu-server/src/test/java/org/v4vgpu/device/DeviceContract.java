package org.v4vgpu.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** What every device keeps to. A device's test extends this and says how to open one. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // waits here ignore interrupts
public abstract class DeviceContract
        implements MemoryContract, StreamContract, EventContract, HostContract, LaunchContract, FaultContract {
    private Device device;
    private DeviceContext context;

    /** Opens a device with little memory, at least 32 MiB, so that it can be exhausted quickly. */
    protected abstract Device open();

    @BeforeEach
    void openDevice() throws DeviceException {
        device = open();
        context = device.createContext(0);
    }

    @AfterEach
    void leavesNothingBehind() {
        context.close();
        context.close();
        assertEquals(0, context.usedBytes());
        assertEquals(0, device.usedBytes());
        device.close();
    }

    @Override
    public Device device() {
        return device;
    }

    @Override
    public DeviceContext context() {
        return context;
    }
}
