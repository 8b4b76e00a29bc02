package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.v4vgpu.client.ErrorsOf.assertStatus;
import static org.v4vgpu.client.ErrorsOf.thrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.proto.CudaStatus;

/** What is wrong is said at once where the client can know it, once where only the server can. */
@Timeout(60)
@ParameterizedClass
@ValueSource(strings = {"v4v", "tcp"})
final class RemoteGpuErrorsTest {
    private final String transport;

    private TestServer server;
    private RemoteGpu gpu;
    private RemoteContext context;

    RemoteGpuErrorsTest(String transport) {
        this.transport = transport;
    }

    @BeforeEach
    void connect() throws IOException {
        server = TestServer.on(transport);
        gpu = server.connect();
        context = gpu.device(0).createContext();
    }

    @AfterEach
    void disconnect() {
        gpu.close();
        server.close();
    }

    @Test
    void refusesSizesThatAreNone() {
        assertStatus(CudaStatus.INVALID_VALUE, () -> context.allocate(0));
        assertStatus(CudaStatus.INVALID_VALUE, () -> context.allocate(-1));
        assertStatus(CudaStatus.OUT_OF_MEMORY, () -> context.allocate(TestServer.DEVICE_BYTES * 4));
        assertStatus(CudaStatus.INVALID_VALUE, () -> context.allocate(16).copyFrom(new byte[0]));
    }

    @Test
    void refusesCopiesBeyondAnAllocation() {
        DeviceMemory memory = context.allocate(16);
        assertStatus(CudaStatus.INVALID_VALUE, () -> memory.copyFrom(new byte[17]));
        assertStatus(CudaStatus.INVALID_VALUE, () -> memory.copyTo(new byte[17]));
        assertStatus(CudaStatus.INVALID_VALUE, () -> memory.slice(8, 9));
        assertStatus(CudaStatus.INVALID_VALUE, () -> memory.slice(-1, 2));
        assertStatus(CudaStatus.INVALID_VALUE, () -> memory.slice(Long.MAX_VALUE, 2));
        DeviceMemory bigger = context.allocate(32);
        assertStatus(CudaStatus.INVALID_VALUE, () -> memory.copyFrom(bigger));
        assertStatus(CudaStatus.INVALID_VALUE, () -> memory.slice(1, 4).fill(7));
    }

    @Test
    void refusesFreedMemory() {
        DeviceMemory memory = context.allocate(16);
        DeviceMemory slice = memory.slice(0, 8);
        memory.close();
        assertStatus(CudaStatus.INVALID_VALUE, () -> memory.copyFrom(new byte[4]));
        assertStatus(CudaStatus.INVALID_VALUE, () -> slice.copyTo(new byte[4]));
        assertDoesNotThrow(memory::close);
    }

    @Test
    void refusesLaunchesThatDoNotFit() {
        DeviceMemory memory = context.allocate(64);
        RemoteFunction vecadd =
                context.loadModule(TestServer.KERNELS.resolve("vecadd.ptx")).function("vecadd");
        assertStatus(
                CudaStatus.INVALID_VALUE, () -> vecadd.launch(Dim3.of(1), Dim3.of(1025), memory, memory, memory, 1));
        assertStatus(
                CudaStatus.INVALID_VALUE,
                () -> vecadd.launch(Dim3.of(1), Dim3.of(32, 32, 2), memory, memory, memory, 1));
        assertStatus(CudaStatus.INVALID_VALUE, () -> vecadd.launch(Dim3.of(0), Dim3.of(1), memory, memory, memory, 1));
        assertStatus(
                CudaStatus.INVALID_VALUE,
                () -> vecadd.launch(Dim3.of(1, 70_000), Dim3.of(1), memory, memory, memory, 1));
        assertStatus(CudaStatus.INVALID_VALUE, () -> vecadd.launch(Dim3.of(1), Dim3.of(1), memory, memory, memory));
        assertTrue(thrownBy(() -> vecadd.launch(Dim3.of(1), Dim3.of(1), memory, memory, memory, 1L))
                .getMessage()
                .contains("argument 3 of kernel vecadd has 8 bytes, its parameter 4"));
        assertStatus(
                CudaStatus.INVALID_VALUE, () -> vecadd.launch(Dim3.of(1), Dim3.of(1), memory, memory, memory, "text"));
        context.synchronize();
    }

    @Test
    void refusesModulesThatAreNone() throws IOException {
        CudaStatus status = thrownBy(() -> context.loadModule("no PTX at all")).status();
        assertTrue(status.code() == 218 || status.code() == 200, status.toString());
        assertStatus(CudaStatus.INVALID_IMAGE, () -> context.loadModule(new byte[0]));
        assertStatus(CudaStatus.FILE_NOT_FOUND, () -> context.loadModule(Path.of("none.ptx")));
        String ptx = Files.readString(TestServer.KERNELS.resolve("vecadd.ptx"));
        assertStatus(
                CudaStatus.UNSUPPORTED_PTX_VERSION,
                () -> context.loadModule(ptx.replaceFirst("\\.version \\d+\\.\\d+", ".version 99.0")));
        CudaException unknown = thrownBy(() -> context.loadModule(ptx.replaceFirst("add\\.(rn\\.)?f32", "addd.f32")));
        assertEquals(CudaStatus.INVALID_PTX, unknown.status());
        assertTrue(unknown.getMessage().contains("addd"), unknown.getMessage());
        RemoteModule module = context.loadModule(ptx);
        assertEquals(
                "CUDA_ERROR_NOT_FOUND (500): ModuleGetFunction: no kernel nothing; the module has [vecadd]",
                thrownBy(() -> module.function("nothing")).getMessage());
        assertStatus(CudaStatus.NOT_FOUND, () -> module.global("nothing"));
        module.close();
        assertStatus(CudaStatus.INVALID_HANDLE, () -> module.function("vecadd"));
    }

    @Test
    void refusesWhatWasDestroyed() {
        RemoteStream stream = context.createStream();
        RemoteEvent event = context.createEvent();
        DeviceMemory memory = context.allocate(16);
        stream.close();
        assertStatus(CudaStatus.INVALID_HANDLE, stream::synchronize);
        assertStatus(CudaStatus.INVALID_HANDLE, () -> event.record(stream));
        event.close();
        assertStatus(CudaStatus.INVALID_HANDLE, event::synchronize);
        context.close();
        assertStatus(CudaStatus.CONTEXT_IS_DESTROYED, () -> context.allocate(16));
        assertStatus(CudaStatus.INVALID_VALUE, () -> memory.copyFrom(new byte[4]));
        assertDoesNotThrow(memory::close);
    }

    @Test
    void tellsALateErrorOnceAndABrokenContextAlways() {
        RemoteContext broken = gpu.device(0).createContext();
        DeviceMemory memory = broken.allocate(64);
        RemoteFunction vecadd =
                broken.loadModule(TestServer.KERNELS.resolve("vecadd.ptx")).function("vecadd");
        vecadd.launch(Dim3.of(1), Dim3.of(32), 0x10L, memory, memory, 16);
        String where =
                ": illegal address 0x10 (read of 4 bytes) in kernel vecadd, block (0,0,0), thread (0,0,0), PTX line 45;"
                        + " a null pointer plus 16 bytes";
        for (int i = 0; i < 2; i++) {
            CudaException fault = thrownBy(broken::synchronize);
            assertEquals(CudaStatus.ILLEGAL_ADDRESS, fault.status());
            assertTrue(fault.getMessage().endsWith("CtxSynchronize" + where), fault.getMessage());
        }
        CudaException fault = thrownBy(() -> memory.copyTo(new byte[4]));
        assertTrue(fault.getMessage().endsWith("MemcpyDtoH" + where), fault.getMessage());
        fault = thrownBy(() -> broken.allocate(16));
        assertTrue(fault.getMessage().endsWith("an allocation of 16 bytes" + where), fault.getMessage());
        context.synchronize();
        DeviceMemory fine = context.allocate(64);
        fine.fill((byte) 3);
        byte[] bytes = new byte[1];
        fine.copyTo(bytes);
        assertEquals(3, bytes[0]);
        broken.close();
        context.synchronize();
    }

    @Test
    void aSegmentOfAnotherThreadOrAClosedArenaCostsNothing() {
        DeviceMemory memory = context.allocate(64);
        MemorySegment segment;
        try (Arena closed = Arena.ofConfined()) {
            segment = closed.allocate(64);
        }
        assertThrows(IllegalStateException.class, () -> memory.copyFrom(segment));
        assertThrows(IllegalStateException.class, () -> memory.copyTo(segment));
        assertStatus(
                CudaStatus.INVALID_VALUE,
                () -> memory.copyTo(MemorySegment.ofArray(new byte[4]).asReadOnly()));
        context.synchronize();
    }

    @Test
    void namesTheAddressWhereNobodyIs() {
        CudaException error = thrownBy(() -> RemoteGpu.connect("tcp://127.0.0.1:9", false));
        assertEquals(CudaStatus.DEVICE_UNAVAILABLE, error.status());
        assertTrue(error.getMessage().contains("tcp://127.0.0.1:9"), error.getMessage());
        assertThrows(IllegalArgumentException.class, () -> RemoteGpu.connect("http://here", false));
        assertThrows(IllegalArgumentException.class, () -> RemoteGpu.connect("tcp://127.0.0.1:9,", false));
    }
}
