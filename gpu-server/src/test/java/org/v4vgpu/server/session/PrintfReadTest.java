package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CallHeader;
import org.v4vgpu.proto.CtxDestroyRequest;
import org.v4vgpu.proto.CtxSetLimitRequest;
import org.v4vgpu.proto.CtxSynchronizeRequest;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.EventCreateRequest;
import org.v4vgpu.proto.EventQueryRequest;
import org.v4vgpu.proto.EventRecordRequest;
import org.v4vgpu.proto.EventSynchronizeRequest;
import org.v4vgpu.proto.MemGetInfoRequest;
import org.v4vgpu.proto.ModuleLoadDataRequest;
import org.v4vgpu.proto.ModuleUnloadRequest;
import org.v4vgpu.proto.PrintfReadReply;
import org.v4vgpu.proto.PrintfReadRequest;
import org.v4vgpu.proto.StreamQueryRequest;
import org.v4vgpu.proto.StreamSynchronizeRequest;
import org.v4vgpu.v4v.IncomingMessage;

/** How what kernels print reaches a client: which replies speak of it, and how it is taken. */
@Timeout(60)
final class PrintfReadTest {
    private static final int PRINTF_FIFO_SIZE = 1;
    private static final Path PTX = Path.of("src/test/resources/ptx/printing.ptx");

    private final TestHost host = new TestHost(SessionLimits.DEFAULT);
    private TestClient gpu;
    private long context;
    private long module;

    @BeforeEach
    void open() throws IOException {
        gpu = host.open();
        context = gpu.createContext();
        module = load();
    }

    @AfterEach
    void close() {
        gpu.close();
        host.close();
    }

    @Test
    void aReplySpeaksOfTheTextOnce() throws IOException {
        assertFalse(synchronize(gpu, context));
        print(0, 3);
        assertTrue(synchronize(gpu, context));
        assertEquals(lines(0, 3), take(gpu));
        assertFalse(synchronize(gpu, context));
        assertEquals("", take(gpu));
    }

    @Test
    void everySynchronisingCallBringsIt() throws IOException {
        print(0, 2);
        assertTrue(flagged(
                Call.STREAM_SYNCHRONIZE,
                StreamSynchronizeRequest.newBuilder().setContext(context).build()));
        assertTrue(flagged(
                Call.STREAM_QUERY,
                StreamQueryRequest.newBuilder().setContext(context).build()));
        long event = gpu.expect(
                        Call.EVENT_CREATE,
                        EventCreateRequest.newBuilder().setContext(context).build())
                .getEvent();
        gpu.post(
                Call.EVENT_RECORD,
                EventRecordRequest.newBuilder()
                        .setContext(context)
                        .setEvent(event)
                        .build());
        assertTrue(flagged(
                Call.EVENT_SYNCHRONIZE,
                EventSynchronizeRequest.newBuilder()
                        .setContext(context)
                        .setEvent(event)
                        .build()));
        assertTrue(flagged(
                Call.EVENT_QUERY,
                EventQueryRequest.newBuilder()
                        .setContext(context)
                        .setEvent(event)
                        .build()));
        long address = gpu.allocate(context, 16);
        assertTrue(flagged(
                Call.MEMCPY_HTOD, TestClient.toDevice(context, 0, address), MemorySegment.ofArray(new byte[16])));
        assertTrue(flagged(Call.MEMCPY_DTOH, TestClient.fromDevice(context, 0, address, 16)));
        assertTrue(flagged(Call.MEMCPY_DTOH, TestClient.fromDevice(context, 0, address, 0)));
        assertTrue(flagged(
                Call.MODULE_LOAD_DATA,
                ModuleLoadDataRequest.newBuilder().setContext(context).build(),
                MemorySegment.ofArray(Files.readAllBytes(PTX))));
        assertTrue(flagged(
                Call.MODULE_UNLOAD,
                ModuleUnloadRequest.newBuilder().setModule(module).build()));
        assertEquals(lines(0, 2), take(gpu));
    }

    @Test
    void otherCallsAndOtherContextsDoNot() throws IOException {
        long other = gpu.createContext();
        print(0, 1);
        awaitPrinted(1);
        assertFalse(synchronize(gpu, other));
        assertFalse(flagged(
                Call.MEM_GET_INFO,
                MemGetInfoRequest.newBuilder().setContext(context).build()));
        assertEquals("", take(gpu));
        assertTrue(synchronize(gpu, context));
        assertFalse(synchronize(gpu, other)); // and forgets nothing
        assertEquals(lines(0, 1), take(gpu));
    }

    @Test
    void aContextsLastWordsOutliveIt() throws IOException {
        print(7, 2);
        assertTrue(flagged(
                Call.CTX_DESTROY,
                CtxDestroyRequest.newBuilder().setContext(context).build()));
        assertEquals(lines(7, 2), take(gpu));
    }

    @Test
    void whatAKernelPrintedBeforeItFailedIsTold() throws IOException {
        launch("fails", 5, 0);
        long number = gpu.send(
                Call.CTX_SYNCHRONIZE,
                CallDescriptor.WAITS,
                CtxSynchronizeRequest.newBuilder().setContext(context).build(),
                TestClient.NOTHING);
        try (IncomingMessage message = gpu.channel.receive()) {
            CallHeader header = CallHeader.decode(message.header());
            assertEquals(number, header.sequence());
            assertNotEquals(0, header.status());
            assertTrue(header.errorText().contains("kernel fails"), header.errorText());
            assertTrue(header.isPrinted());
        }
        assertEquals("line 5\n", take(gpu));
    }

    @Test
    void longTextComesInRepliesOfWholeCalls() throws IOException {
        print(0, 20_000);
        assertTrue(synchronize(gpu, context));
        StringBuilder text = new StringBuilder();
        int replies = 0;
        PrintfReadReply reply;
        do {
            reply = gpu.expect(Call.PRINTF_READ, PrintfReadRequest.getDefaultInstance());
            assertTrue(reply.getText().endsWith(com.google.protobuf.ByteString.copyFromUtf8("\n")));
            text.append(reply.getText().toString(StandardCharsets.US_ASCII));
            replies++;
        } while (reply.getMore());
        assertEquals(lines(0, 20_000), text.toString());
        assertTrue(replies > 2, "in " + replies);
    }

    @Test
    void beyondTheLimitTheOldestIsLost() throws IOException {
        gpu.expect(
                Call.CTX_SET_LIMIT,
                CtxSetLimitRequest.newBuilder()
                        .setContext(context)
                        .setLimit(PRINTF_FIFO_SIZE)
                        .setValue(4096)
                        .build());
        print(0, 10_000);
        assertTrue(synchronize(gpu, context));
        String text = take(gpu);
        assertTrue(text.length() <= 4096 && text.length() > 500, "length " + text.length());
        assertTrue(lines(0, 10_000).endsWith("\n" + text), text);
    }

    @Test
    void hostileLimitsAreRefused() throws IOException {
        for (long limit : new long[] {-1, (64L << 20) + 1, Long.MAX_VALUE, Long.MIN_VALUE}) {
            assertEquals(
                    CudaStatus.INVALID_VALUE.code(),
                    gpu.call(
                                    Call.CTX_SET_LIMIT,
                                    CtxSetLimitRequest.newBuilder()
                                            .setContext(context)
                                            .setLimit(PRINTF_FIFO_SIZE)
                                            .setValue(limit)
                                            .build())
                            .status());
        }
    }

    @Test
    void lanesTakeWhatTheirOwnRepliesSpokeOf() throws IOException {
        try (TestClient second = gpu.join(host.connect())) {
            print(0, 2);
            assertTrue(synchronize(gpu, context));
            print(2, 2);
            assertTrue(synchronize(second, context));
            assertEquals(lines(0, 2), take(gpu));
            assertEquals(lines(2, 2), take(second));
        }
    }

    // ---- steps

    private long load() throws IOException {
        return gpu.call(
                        Call.MODULE_LOAD_DATA,
                        ModuleLoadDataRequest.newBuilder()
                                .setContext(context)
                                .setErrorLogBytes(1000)
                                .build(),
                        MemorySegment.ofArray(Files.readAllBytes(PTX)))
                .message()
                .getModule();
    }

    private void print(int first, int count) throws IOException {
        launch("lines", first, count);
    }

    private void launch(String kernel, int first, int count) throws IOException {
        long function = TestKernels.function(gpu, module, kernel).getFunction();
        int[] parameters = kernel.equals("lines") ? new int[] {first, count} : new int[] {first};
        MemorySegment bytes =
                MemorySegment.ofArray(new byte[4 * parameters.length]).copyFrom(MemorySegment.ofArray(parameters));
        gpu.send(Call.LAUNCH_KERNEL, 0, TestKernels.launch(context, function, 1, 1), bytes);
    }

    /** Waits on the device itself, which no reply tells the client of. */
    private void awaitPrinted(long launches) {
        while (host.device.kernelStatistics().stream()
                        .filter(each -> each.name().endsWith("lines"))
                        .mapToLong(each -> each.launches())
                        .sum()
                < launches) {
            Thread.onSpinWait();
        }
    }

    private static boolean synchronize(TestClient client, long context) throws IOException {
        return flagged(
                client,
                Call.CTX_SYNCHRONIZE,
                CtxSynchronizeRequest.newBuilder().setContext(context).build(),
                TestClient.NOTHING);
    }

    private boolean flagged(Call<?, ?> call, MessageLite request) throws IOException {
        return flagged(gpu, call, request, TestClient.NOTHING);
    }

    private boolean flagged(Call<?, ?> call, MessageLite request, MemorySegment payload) throws IOException {
        return flagged(gpu, call, request, payload);
    }

    /** Whether the reply to a call, in one message, speaks of text. */
    private static boolean flagged(TestClient client, Call<?, ?> call, MessageLite request, MemorySegment payload)
            throws IOException {
        long number = client.send(call, CallDescriptor.WAITS, request, payload);
        try (IncomingMessage message = client.channel.receive()) {
            CallHeader header = CallHeader.decode(message.header());
            assertEquals(number, header.sequence());
            assertEquals(0, header.status(), () -> "status of " + call);
            assertTrue(header.isLast());
            return header.isPrinted();
        }
    }

    private static String take(TestClient client) throws IOException {
        StringBuilder text = new StringBuilder();
        PrintfReadReply reply;
        do {
            reply = client.expect(Call.PRINTF_READ, PrintfReadRequest.getDefaultInstance());
            text.append(reply.getText().toString(StandardCharsets.US_ASCII));
        } while (reply.getMore());
        return text.toString();
    }

    private static String lines(int first, int count) {
        return IntStream.range(first, first + count)
                .mapToObj(i -> "line " + i + "\n")
                .collect(Collectors.joining());
    }
}
