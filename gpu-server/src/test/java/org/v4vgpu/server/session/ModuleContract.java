package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.v4vgpu.proto.*;
import org.v4vgpu.server.session.TestClient.Reply;

/** Modules and launches. */
abstract class ModuleContract extends StreamContract {
    @Test
    void loadsModuleAndLaunches() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        // Longer than a message, with the NUL that C programs leave at the end.
        String image = TestKernels.PTX + "//" + "x".repeat(2 * gpu.channel.maximumPayloadBytes()) + "\n\0";
        Reply<ModuleLoadDataReply> loaded = TestKernels.load(gpu, context, image, 1000);
        assertEquals(0, loaded.status(), () -> loaded.message().getErrorLog());
        long module = loaded.message().getModule();
        ModuleGetFunctionReply scale = TestKernels.function(gpu, module, "scale");
        assertEquals(2, scale.getParametersCount());
        assertEquals(8, scale.getParameters(1).getOffset());
        assertEquals(4, scale.getParameters(1).getBytes());
        assertFalse(scale.getAttributesMap().isEmpty());
        assertEquals(
                scale.getFunction(), TestKernels.function(gpu, module, "scale").getFunction());
        ModuleGetGlobalReply factor = gpu.expect(
                Call.MODULE_GET_GLOBAL,
                ModuleGetGlobalRequest.newBuilder()
                        .setModule(module)
                        .setName("factor")
                        .build());
        assertEquals(4, factor.getBytes());

        int count = 1000;
        long address = gpu.allocate(context, 4L * count);
        gpu.post(Call.MEMSET, fill(context, address, 4, 5, count));
        gpu.write(context, 0, factor.getAddress(), new byte[] {7, 0, 0, 0});
        gpu.send(
                Call.LAUNCH_KERNEL,
                0,
                TestKernels.launch(context, scale.getFunction(), 8, 128),
                TestKernels.scaleParameters(address, count));
        byte[] expected = new byte[4 * count];
        for (int i = 0; i < count; i++) {
            expected[4 * i] = 35;
        }
        assertArrayEquals(expected, gpu.read(context, address, 4 * count));
    }

    @Test
    void wrongLaunchesAreLateErrors() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long scale = TestKernels.function(gpu, TestKernels.load(gpu, context), "scale")
                .getFunction();
        long address = gpu.allocate(context, 4096);
        MemorySegment parameters = TestKernels.scaleParameters(address, 1);
        for (int[] shape : new int[][] {{1, 1025}, {0, 1}, {1, 0}, {-1, 1}, {1, -1}, {1, Integer.MIN_VALUE}}) {
            gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, scale, shape[0], shape[1]), parameters);
            assertEquals(CudaStatus.INVALID_VALUE.code(), synchronize(gpu, context), () -> Arrays.toString(shape));
        }
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, scale, 1, 1), parameters.asSlice(0, 8));
        assertEquals(CudaStatus.INVALID_VALUE.code(), synchronize(gpu, context));
        MemorySegment tooLong = MemorySegment.ofArray(new byte[Limits.MAXIMUM_PARAMETER_BYTES + 1]);
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, scale, 1, 1), tooLong);
        assertEquals(CudaStatus.INVALID_VALUE.code(), synchronize(gpu, context));
        long other = gpu.createContext();
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(other, scale, 1, 1), parameters);
        assertEquals(CudaStatus.INVALID_HANDLE.code(), synchronize(gpu, context));
        assertEquals(0, synchronize(gpu, context));
    }

    @Test
    void errorsSayWhatWentWrong() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long module = TestKernels.load(gpu, context);
        long scale = TestKernels.function(gpu, module, "scale").getFunction();
        long poke = TestKernels.function(gpu, module, "poke").getFunction();
        assertEquals(
                "no kernel skale; the module has [scale, poke, endless]",
                gpu.call(
                                Call.MODULE_GET_FUNCTION,
                                ModuleGetFunctionRequest.newBuilder()
                                        .setModule(module)
                                        .setName("skale")
                                        .build())
                        .text());
        Call<CtxSynchronizeRequest, ?> synchronize = Call.CTX_SYNCHRONIZE;
        CtxSynchronizeRequest request =
                CtxSynchronizeRequest.newBuilder().setContext(context).build();
        // Late, and once.
        gpu.send(
                Call.LAUNCH_KERNEL,
                0,
                TestKernels.launch(context, scale, 1, 1025),
                TestKernels.scaleParameters(gpu.allocate(context, 4096), 1));
        String late = gpu.call(synchronize, request).text();
        assertTrue(late.startsWith("an earlier LaunchKernel failed: scale: block 1025 x 1 x 1 exceeds"), late);
        assertEquals("", gpu.call(synchronize, request).text());
        // A fault, again and again, also in the place of a copy's payload.
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, poke, 1, 1), TestKernels.pokeParameters(0x7700L));
        for (int i = 0; i < 2; i++) {
            assertEquals(
                    "illegal address 0x7700 (write of 4 bytes) in kernel poke, block (0,0,0), thread (0,0,0), PTX line 35;"
                            + " a null pointer plus 30464 bytes",
                    gpu.call(synchronize, request).text());
        }
        assertTrue(gpu.call(Call.MEMCPY_DTOH, TestClient.fromDevice(context, 0, 0x7700L, 4))
                .text()
                .contains("in kernel poke"));
    }

    @Test
    void faultBreaksItsContextAndNoOther() throws IOException {
        TestClient gpu = open();
        long broken = gpu.createContext();
        long sound = gpu.createContext();
        long poke =
                TestKernels.function(gpu, TestKernels.load(gpu, broken), "poke").getFunction();
        long address = gpu.allocate(sound, 4096);
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(broken, poke, 1, 1), TestKernels.pokeParameters(0x7700L));
        for (int i = 0; i < 3; i++) {
            assertEquals(CudaStatus.ILLEGAL_ADDRESS.code(), synchronize(gpu, broken));
            gpu.post(Call.MEMSET, fill(broken, address, 1, 0, 1));
            assertEquals(0, synchronize(gpu, sound));
        }
        assertEquals(CudaStatus.ILLEGAL_ADDRESS.code(), allocate(gpu, broken, 4096));
        gpu.expect(
                Call.CTX_DESTROY,
                CtxDestroyRequest.newBuilder().setContext(broken).build());
        assertArrayEquals(new byte[16], gpu.read(sound, fresh(gpu, sound, address), 16));
    }

    static long fresh(TestClient gpu, long context, long address) throws IOException {
        gpu.post(Call.MEMSET, fill(context, address, 1, 0, 16));
        return address;
    }

    @Test
    void unloadedModuleTakesItsFunctionsWithIt() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long module = TestKernels.load(gpu, context);
        long poke = TestKernels.function(gpu, module, "poke").getFunction();
        assertEquals(
                CudaStatus.NOT_FOUND.code(),
                gpu.call(
                                Call.MODULE_GET_FUNCTION,
                                ModuleGetFunctionRequest.newBuilder()
                                        .setModule(module)
                                        .setName("f")
                                        .build())
                        .status());
        assertEquals(
                CudaStatus.INVALID_VALUE.code(),
                gpu.call(
                                Call.MODULE_GET_FUNCTION,
                                ModuleGetFunctionRequest.newBuilder()
                                        .setModule(module)
                                        .build())
                        .status());
        ModuleUnloadRequest unload =
                ModuleUnloadRequest.newBuilder().setModule(module).build();
        gpu.expect(Call.MODULE_UNLOAD, unload);
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(Call.MODULE_UNLOAD, unload).status());
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, poke, 1, 1), TestKernels.pokeParameters(0));
        assertEquals(CudaStatus.INVALID_HANDLE.code(), synchronize(gpu, context));
    }

    @Test
    void refusedModuleTellsWhy() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        String newer = TestKernels.PTX.replace(".version 7.0", ".version 99.0");
        String unsupported = TestKernels.PTX.replace("mov.u32 %r1, 1;", "wgmma.fence.sync.aligned;");
        assertEquals(
                CudaStatus.UNSUPPORTED_PTX_VERSION.code(),
                TestKernels.load(gpu, context, newer, 0).status());
        Reply<ModuleLoadDataReply> reply = TestKernels.load(gpu, context, unsupported, 1000);
        assertNotEquals(0, reply.status());
        assertTrue(
                reply.message().getErrorLog().contains("wgmma"),
                () -> reply.message().getErrorLog());
        assertEquals(
                7,
                TestKernels.load(gpu, context, unsupported, 7)
                        .message()
                        .getErrorLog()
                        .length());
        assertEquals(0, synchronize(gpu, context));
    }

    @Test
    void streamIsBusyWhileKernelRuns() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long endless = TestKernels.function(gpu, TestKernels.load(gpu, context), "endless")
                .getFunction();
        long event = event(gpu, context);
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, endless, 1, 1), TestClient.NOTHING);
        gpu.post(Call.EVENT_RECORD, record(context, event, 0));
        assertEquals(
                CudaStatus.NOT_READY.code(),
                gpu.call(
                                Call.STREAM_QUERY,
                                StreamQueryRequest.newBuilder()
                                        .setContext(context)
                                        .build())
                        .status());
        assertEquals(
                CudaStatus.NOT_READY.code(),
                gpu.call(
                                Call.EVENT_QUERY,
                                EventQueryRequest.newBuilder()
                                        .setContext(context)
                                        .setEvent(event)
                                        .build())
                        .status());
        gpu.close(); // without goodbye: the kernel is cancelled
        client = TestClient.open(connect());
        long start = System.nanoTime();
        while (usedBytes() > 0 || client.serverStatus().getSessionsCount() > 0) {
            assertTrue(System.nanoTime() - start < 1_000_000_000L, "the kernel outlives its client");
        }
    }

    @Test
    void refusesWhatIsNoModule() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        ModuleLoadDataRequest request = ModuleLoadDataRequest.newBuilder()
                .setContext(context)
                .setErrorLogBytes(1000)
                .build();
        byte[] image = new byte[3 * gpu.channel.maximumPayloadBytes() + 1];
        Arrays.fill(image, (byte) 'x');
        Reply<ModuleLoadDataReply> reply = gpu.call(Call.MODULE_LOAD_DATA, request, MemorySegment.ofArray(image));
        assertNotEquals(0, reply.status());
        assertFalse(reply.message().getErrorLog().isEmpty());
        assertEquals(0, reply.message().getModule());
        assertEquals(0, synchronize(gpu, context));
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(
                                Call.MODULE_GET_FUNCTION,
                                ModuleGetFunctionRequest.newBuilder()
                                        .setModule(7)
                                        .setName("f")
                                        .build())
                        .status());
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(
                                Call.MODULE_UNLOAD,
                                ModuleUnloadRequest.newBuilder()
                                        .setModule(context)
                                        .build())
                        .status());
        gpu.send(
                Call.LAUNCH_KERNEL,
                0,
                LaunchKernelRequest.newBuilder()
                        .setContext(context)
                        .setFunction(7)
                        .build(),
                MemorySegment.ofArray(new byte[24]));
        assertEquals(CudaStatus.INVALID_HANDLE.code(), synchronize(gpu, context));
    }

    @Test
    void moduleImageBeyondTheLimitIsDrained() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        ModuleLoadDataRequest request =
                ModuleLoadDataRequest.newBuilder().setContext(context).build();
        MemorySegment image = MemorySegment.ofArray(new byte[(int) Limits.MAXIMUM_MODULE_BYTES + 1]);
        assertEquals(
                CudaStatus.INVALID_VALUE.code(),
                gpu.call(Call.MODULE_LOAD_DATA, request, image).status());
        assertEquals(0, synchronize(gpu, context));
    }
}
