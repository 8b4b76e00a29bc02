package org.v4vgpu.device.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceContract;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.Kernels;
import org.v4vgpu.proto.CudaStatus;

/** The CUDA device keeps to the contract of devices, on a GPU or on the stand-in driver. */
final class CudaDeviceTest extends DeviceContract {
    @BeforeAll
    static void needsAGpu() {
        DeviceException cause = Cuda.unavailabilityCause();
        assumeTrue(cause == null, () -> cause == null ? "" : String.valueOf(cause.getMessage()));
    }

    @Override
    protected Device open() {
        try {
            return CudaDevice.open(0, _ -> {});
        } catch (DeviceException e) {
            throw new AssertionError(e);
        }
    }

    /** The driver's memory comes in larger pieces than it was asked for, and others use it, too. */
    @Override
    @Test
    public void allocatesAlignedAndKeepsAccounts() throws DeviceException {
        long before = device().usedBytes();
        long a = context().allocate(1);
        long b = context().allocate(100_000);
        assertNotEquals(0, a);
        assertEquals(0, a % 256);
        assertEquals(0, b % 256);
        assertEquals(100_001, device().usedBytes() - before);
        assertEquals(100_001, context().usedBytes());
        context().free(a);
        context().free(b);
        assertEquals(before, device().usedBytes());
        assertTrue(context().memoryInfo().freeBytes() <= context().memoryInfo().totalBytes());
        assertTrue(context().memoryInfo().totalBytes() <= device().description().totalBytes());
    }

    /** Which error a text that is no PTX gets, and in which words, is the driver's to decide. */
    @Override
    @Test
    public void refusesImagesThatAreNoModules() {
        for (byte[] image : new byte[][] {{}, new byte[100], "this is a sentence, no module\0".getBytes(UTF_8)}) {
            DeviceException thrown =
                    assertThrows(DeviceException.class, () -> context().loadModule(MemorySegment.ofArray(image)));
            assertTrue(
                    Set.of(CudaStatus.INVALID_IMAGE, CudaStatus.INVALID_PTX).contains(thrown.status()),
                    thrown.getMessage());
        }
        DeviceException thrown = assertThrows(
                DeviceException.class, () -> context().loadModule(Kernels.image(Kernels.STORE.replace("7.0", "99.0"))));
        assertEquals(CudaStatus.UNSUPPORTED_PTX_VERSION, thrown.status(), thrown.getMessage());
    }

    /** A fault breaks the process for CUDA: {@code StandInDriverTest} and the measurement kit try it in one of its own. */
    @Override
    @Test
    public void illegalAddressBreaksItsContextOnly() {
        assumeTrue(false, "a fault ends CUDA in its process");
    }

    @Override
    @Test
    @SuppressWarnings("JUnitMethodInvoked") // the same test, where it can be had
    public void closeEndsAnEndlessKernel() throws DeviceException {
        assumeTrue(StandIn.isDriver(), "nothing ends a kernel that runs on a GPU");
        super.closeEndsAnEndlessKernel();
    }

    @Override
    @Test
    @SuppressWarnings("JUnitMethodInvoked") // the same test, where it can be had
    public void cancelEndsAnEndlessKernel() throws DeviceException {
        assumeTrue(StandIn.isDriver(), "nothing ends a kernel that runs on a GPU");
        super.cancelEndsAnEndlessKernel();
    }

    @Test
    void refusesDevicesThatAreNone() {
        DeviceException thrown = assertThrows(DeviceException.class, () -> CudaDevice.open(4096, _ -> {}));
        assertEquals(CudaStatus.INVALID_DEVICE, thrown.status());
    }
}
