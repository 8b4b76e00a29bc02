package org.v4vgpu.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.proto.CudaStatus;

/** What Flight Recorder is told by client and server, which are one process here. */
@Timeout(60)
final class CallEventsTest {
    private static final int BYTES = 3_000_000;

    @TempDir
    Path directory;

    @Test
    void recordsCallsAndCopiesOfBothSidesWhileARecordingAsksForThem() throws IOException {
        try (TestServer server = TestServer.on("v4v");
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext();
                DeviceMemory memory = context.allocate(BYTES);
                Recording recording = new Recording()) {
            recording.start(); // without them: they are off by default
            context.synchronize();
            enable(recording);
            memory.copyFrom(new byte[BYTES]);
            context.synchronize();
            memory.copyTo(new byte[BYTES]);
            List<RecordedEvent> events = end(recording, context);

            assertEquals(List.of("CtxSynchronize"), calls(events, "RemoteCall"));
            assertEquals(List.of("CtxSynchronize"), calls(events, "ServedCall"));
            assertEquals(List.of("MemcpyHtoD", "MemcpyDtoH"), calls(events, "RemoteCopy"));
            assertEquals(List.of("MemcpyHtoD", "MemcpyDtoH"), calls(events, "ServedCopy"));
            for (RecordedEvent asked : events(events, "RemoteC")) {
                assertEquals(server.address(), asked.getString("address"));
                RecordedEvent answered = events(events, "ServedC").stream()
                        .filter(event -> event.getLong("sequence") == asked.getLong("sequence"))
                        .findFirst()
                        .orElseThrow();
                assertEquals(asked.getString("call"), answered.getString("call"));
                assertEquals(asked.getLong("bytesSent"), answered.getLong("bytesReceived"));
                assertEquals(asked.getLong("bytesReceived"), answered.getLong("bytesSent"));
                assertEquals(0, asked.getInt("status"));
                assertTrue(
                        answered.getLong("beganNanos") > asked.getLong("beganNanos"), "served before it was asked for");
                assertTrue(asked.getLong("sendNanos") > 0 && answered.getLong("executeNanos") > 0, asked::toString);
            }
            RecordedEvent sent = events(events, "RemoteCopy").getFirst();
            assertEquals(BYTES, sent.getLong("bytesSent"));
            assertTrue(sent.getDuration().toNanos() > 0);
        }
    }

    @Test
    void recordsALaunchAsACallAndAPinnedCopyAsACopyWithItsBytes() throws IOException {
        int n = 1000;
        long bytes = 4L * n;
        try (TestServer server = TestServer.on("v4v");
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext();
                DeviceMemory memory = context.allocate(bytes);
                HostMemory pinned = context.allocateHost(2 * bytes);
                Recording recording = new Recording()) {
            enable(recording);
            recording.start();
            List<RecordedEvent> events;
            try (RemoteModule module = context.loadModule(TestServer.KERNELS.resolve("vecadd.ptx"))) {
                RemoteFunction vecadd = module.function("vecadd");
                vecadd.launch(Dim3.of((n + 255) / 256), Dim3.of(256), memory, memory, memory, n);
                memory.copyFrom(pinned.segment().asSlice(0, bytes));
                memory.copyTo(pinned.segment().asSlice(bytes, bytes / 2));
                events = end(recording, context);
            }

            for (String side : List.of("Remote", "Served")) {
                assertEquals(List.of("ModuleGetFunction", "LaunchKernel"), calls(events, side + "Call"));
                assertEquals(List.of("ModuleLoadData", "MemcpyWindow", "MemcpyWindow"), calls(events, side + "Copy"));
            }
            assertBytes(events, "Remote", "bytesSent", bytes, 0);
            assertBytes(events, "Served", "bytesReceived", bytes, 0);
            assertBytes(events, "Remote", "bytesReceived", 0, bytes / 2);
            assertBytes(events, "Served", "bytesSent", 0, bytes / 2);
        }
    }

    /** Whatever becomes of it: the server of a machine without a compiler says so. */
    @Test
    void recordsTheCompilingOfAProgram() throws IOException {
        try (TestServer server = TestServer.on("v4v");
                RemoteGpu gpu = server.connect();
                RemoteContext context = gpu.device(0).createContext();
                Recording recording = new Recording()) {
            enable(recording);
            recording.start();
            int status = CudaStatus.SUCCESS.code();
            int bytes = 0;
            String text = "extern \"C\" __global__ void f(int *x) { *x = 1; }";
            try {
                CompiledProgram compiled = gpu.device(0).compile(KernelProgram.of("f.cu", text));
                bytes = (compiled.ptx() + compiled.log()).length();
            } catch (CudaException e) {
                status = e.status().code();
            }
            List<RecordedEvent> events = end(recording, context);

            for (String side : List.of("Remote", "Served")) {
                assertEquals(List.of("ProgramCompile"), calls(events, side + "Call"));
                RecordedEvent event = events(events, side + "Call").getFirst();
                assertEquals(status, event.getInt("status"));
                assertEquals(text.length(), event.getLong(side.equals("Remote") ? "bytesSent" : "bytesReceived"));
                assertEquals(bytes, event.getLong(side.equals("Remote") ? "bytesReceived" : "bytesSent"));
            }
            assertTrue(events(events, "RemoteCall").getFirst().getLong("waitNanos") > 0);
        }
    }

    /** Of the two pinned copies, which follow the module: there, and what was asked for of it back. */
    private static void assertBytes(List<RecordedEvent> events, String side, String field, long there, long back) {
        List<RecordedEvent> copies = events(events, side + "Copy");
        assertEquals(there, copies.get(1).getLong(field), side + " " + field);
        assertEquals(back, copies.get(2).getLong(field), side + " " + field);
    }

    private static void enable(Recording recording) {
        for (String side : List.of("Remote", "Served")) {
            recording.enable("org.v4vgpu." + side + "Call");
            recording.enable("org.v4vgpu." + side + "Copy");
        }
    }

    private List<RecordedEvent> end(Recording recording, RemoteContext context) throws IOException {
        context.memoryInfo(); // when it is answered, the server has written its events of what came before
        recording.stop();
        return events(recording).stream()
                .filter(event -> !event.getString("call").equals("MemGetInfo"))
                .toList();
    }

    private List<RecordedEvent> events(Recording recording) throws IOException {
        Path file = directory.resolve("calls.jfr");
        recording.dump(file);
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().startsWith("org.v4vgpu."))
                .toList();
    }

    private static List<RecordedEvent> events(List<RecordedEvent> events, String kind) {
        return events.stream()
                .filter(event -> event.getEventType().getName().startsWith("org.v4vgpu." + kind))
                .sorted((a, b) -> Long.compare(a.getLong("beganNanos"), b.getLong("beganNanos")))
                .toList();
    }

    private static List<String> calls(List<RecordedEvent> events, String kind) {
        return events(events, kind).stream()
                .map(event -> event.getString("call"))
                .toList();
    }
}
