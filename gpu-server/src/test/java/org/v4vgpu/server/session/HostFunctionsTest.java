package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.proto.CudaStatus;

/** What a client may do with its host functions, and what it may not. */
@Timeout(30)
final class HostFunctionsTest {
    private static final long LONG = 10_000_000_000L;

    private final SoftwareDevice device = new SoftwareDevice(SoftwareDeviceOptions.defaults());
    private final HostFunctions functions = new HostFunctions(3);
    private DeviceContext context;
    private DeviceStream stream;

    @BeforeEach
    void open() throws DeviceException {
        context = device.createContext(0);
        stream = context.createStream(1, 0);
    }

    @AfterEach
    void close() {
        device.close();
    }

    @Test
    void functionsOfAStreamComeOneAfterTheOther() throws DeviceException {
        functions.launch(stream, 8);
        functions.launch(stream, 5);
        assertEquals(new HostFunctions.Turn(8, CudaStatus.SUCCESS), functions.next(LONG));
        assertNull(functions.next(0));
        assertFalse(stream.isIdle());
        functions.finish(8);
        assertEquals(new HostFunctions.Turn(5, CudaStatus.SUCCESS), functions.next(LONG));
        functions.finish(5);
        assertTrue(stream.await(LONG));
    }

    @Test
    void numbersAreChecked() throws DeviceException {
        assertStatus(CudaStatus.INVALID_VALUE, () -> functions.launch(stream, 0));
        assertStatus(CudaStatus.INVALID_VALUE, () -> functions.finish(7));
        functions.launch(stream, 7);
        assertStatus(CudaStatus.INVALID_VALUE, () -> functions.launch(stream, 7));
        functions.launch(stream, 8);
        functions.launch(stream, 9);
        assertStatus(CudaStatus.OUT_OF_MEMORY, () -> functions.launch(stream, 10));
        functions.finish(7);
        assertStatus(CudaStatus.INVALID_VALUE, () -> functions.finish(7));
        functions.launch(stream, 7);
    }

    @Test
    void oneThatIsFinishedBeforeItsTurnIsNoTurn() throws DeviceException {
        functions.launch(stream, 1);
        functions.launch(stream, 2);
        functions.finish(2);
        assertEquals(new HostFunctions.Turn(1, CudaStatus.SUCCESS), functions.next(LONG));
        functions.finish(1);
        assertTrue(stream.await(LONG));
        assertNull(functions.next(0));
    }

    @Test
    void whoseContextBreaksIsTold() throws DeviceException {
        functions.launch(stream, 1);
        functions.launch(stream, 2);
        assertEquals(new HostFunctions.Turn(1, CudaStatus.SUCCESS), functions.next(LONG));
        context.cancel();
        assertEquals(new HostFunctions.Turn(2, CudaStatus.CONTEXT_IS_DESTROYED), functions.next(0));
        assertNull(functions.next(0));
        functions.finish(2);
        functions.finish(1);
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> functions.launch(stream, 3));
        assertStatus(CudaStatus.INVALID_VALUE, () -> functions.finish(3));
    }

    private static void assertStatus(CudaStatus expected, Executable step) {
        assertEquals(expected, assertThrows(DeviceException.class, step).status());
    }
}
