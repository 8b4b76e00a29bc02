package org.v4vgpu.proto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Headers there and back, and headers of people who mean harm. */
final class CodecTest {
    private final CallEncoder encoder = new CallEncoder();

    @Test
    void messagesOfAllSizesComeBack() throws ProtocolException {
        int longest = Limits.MAXIMUM_HEADER_BYTES - CallDescriptor.BYTES - 4; // the field's tag and length take 4
        for (int length : new int[] {0, 1, 2, 127, 128, 485, 486, 487, 488, 489, 1000, 5000, 20_000, longest}) {
            ModuleGetFunctionRequest request = ModuleGetFunctionRequest.newBuilder()
                    .setName("f".repeat(length))
                    .build();
            MemorySegment sent = encoder.request(
                    Call.MODULE_GET_FUNCTION, CallDescriptor.WAITS | CallDescriptor.LAST, Long.MAX_VALUE, 0, request);
            assertEquals(CallDescriptor.BYTES + request.getSerializedSize(), sent.byteSize());
            CallHeader header = CallHeader.decode(received(sent));
            assertEquals(Call.MODULE_GET_FUNCTION.number(), header.number());
            assertEquals(Long.MAX_VALUE, header.sequence());
            assertTrue(header.waits() && header.isLast() && !header.isReply() && !header.isContinuation());
            assertEquals(request, header.parse(Call.MODULE_GET_FUNCTION.requests()));
        }
    }

    @Test
    void headerBeyondTheLimitIsRefused() {
        ModuleGetFunctionRequest request = ModuleGetFunctionRequest.newBuilder()
                .setName("f".repeat(Limits.MAXIMUM_HEADER_BYTES))
                .build();
        assertThrows(IllegalArgumentException.class, () -> encoder.request(Call.MODULE_GET_FUNCTION, 0, 1, 0, request));
    }

    @Test
    void everyFieldComesBack() throws ProtocolException {
        Random random = new Random(5);
        for (int i = 0; i < 10_000; i++) {
            int number = random.nextInt(1 << 16);
            int flags = random.nextInt(8) & ~CallDescriptor.REPLY;
            CudaStatus status = new CudaStatus(random.nextInt());
            long sequence = random.nextLong();
            long payload = random.nextLong() & Long.MAX_VALUE;
            CallHeader header =
                    CallHeader.decode(received(encoder.reply(number, flags, status, sequence, payload, null)));
            assertEquals(number, header.number());
            assertTrue(header.isReply());
            assertEquals(flags | CallDescriptor.REPLY, header.flags());
            assertEquals(status.code(), header.status());
            assertEquals(sequence, header.sequence());
            assertEquals(payload, header.payloadBytes());
            assertEquals(0, header.message().byteSize());
        }
    }

    @Test
    void continuationsAreTold() throws ProtocolException {
        CallHeader more = CallHeader.decode(received(encoder.continuation(0, 0, 1L << 40)));
        assertTrue(more.isContinuation() && !more.isLast() && !more.isReply());
        assertEquals(1L << 40, more.payloadBytes());
        CallHeader end = CallHeader.decode(
                received(encoder.replyContinuation(CallDescriptor.LAST, CudaStatus.ILLEGAL_ADDRESS, 7, 9)));
        assertTrue(end.isContinuation() && end.isLast() && end.isReply());
        assertEquals(700, end.status());
    }

    @Test
    void errorsAreOneLineOfBoundedLength() throws ProtocolException {
        CallHeader error = CallHeader.decode(received(encoder.error(
                Call.CTX_SYNCHRONIZE.number(), CudaStatus.ILLEGAL_ADDRESS, 7, 0, "in kernel k\r\nline\u0000 2")));
        assertTrue(error.isError() && error.isReply() && error.isLast());
        assertEquals(700, error.status());
        assertEquals("in kernel k line  2", error.errorText());
        assertEquals(CtxSynchronizeReply.getDefaultInstance(), error.parse(Call.CTX_SYNCHRONIZE.replies()));

        CallHeader cut = CallHeader.decode(received(
                encoder.error(CallDescriptor.CONTINUATION, CudaStatus.LAUNCH_FAILED, 7, 9, "\u00fc".repeat(100_000))));
        assertTrue(cut.isContinuation());
        assertEquals("\u00fc".repeat(Limits.MAXIMUM_ERROR_CHARACTERS), cut.errorText());
        String pairs = "x" + "\ud83d\ude00".repeat(1000);
        CallHeader whole = CallHeader.decode(received(encoder.error(1, CudaStatus.UNKNOWN, 7, 0, pairs)));
        assertEquals(pairs.substring(0, Limits.MAXIMUM_ERROR_CHARACTERS - 1), whole.errorText());

        CallHeader none = CallHeader.decode(received(encoder.reply(1, 0, CudaStatus.UNKNOWN, 7, 0, null)));
        assertFalse(none.isError());
        assertEquals("", none.errorText());
    }

    @Test
    void repliesSayThatKernelsHavePrinted() throws ProtocolException {
        int flags = CallDescriptor.LAST | CallDescriptor.PRINTED;
        CallHeader reply = CallHeader.decode(received(encoder.reply(1, flags, CudaStatus.SUCCESS, 7, 0, null)));
        assertTrue(reply.isPrinted() && reply.isReply() && !reply.isError());
        CallHeader error = CallHeader.decode(
                received(encoder.error(1, CallDescriptor.PRINTED, CudaStatus.LAUNCH_FAILED, 7, 0, "words")));
        assertTrue(error.isPrinted() && error.isError());
        assertEquals("words", error.errorText());
    }

    @Test
    void errorsOfHostilePeersAreRefused() throws ProtocolException {
        MemorySegment request = received(encoder.request(
                Call.CTX_SYNCHRONIZE,
                CallDescriptor.ERROR | CallDescriptor.WAITS,
                1,
                0,
                CtxSynchronizeRequest.getDefaultInstance()));
        assertThrows(ProtocolException.class, () -> CallHeader.decode(request));
        MemorySegment good = encoder.error(1, CudaStatus.UNKNOWN, 7, 0, "words");
        CallHeader torn = CallHeader.decode(received(good.asSlice(0, good.byteSize() - 2)));
        assertThrows(ProtocolException.class, torn::errorText);
    }

    @Test
    void descriptorIsLaidOutAsDrawn() {
        MemorySegment header =
                encoder.reply(0x1234, CallDescriptor.LAST, new CudaStatus(0x11223344), 0x0102030405060708L, 0x99, null);
        byte[] expected = {
            0x34, 0x12, 5, 0, 0x44, 0x33, 0x22, 0x11, 8, 7, 6, 5, 4, 3, 2, 1, (byte) 0x99, 0, 0, 0, 0, 0, 0, 0
        };
        assertEquals(-1, header.mismatch(MemorySegment.ofArray(expected)));
    }

    @Test
    void hostileHeadersAreRefused() throws ProtocolException {
        MemorySegment good = encoder.request(
                Call.CTX_SYNCHRONIZE,
                CallDescriptor.WAITS,
                1,
                0,
                CtxSynchronizeRequest.newBuilder().setContext(300).build());
        for (long length = 0; length < CallDescriptor.BYTES; length++) {
            MemorySegment cut = received(good.asSlice(0, length));
            assertThrows(ProtocolException.class, () -> CallHeader.decode(cut), "of " + length + " bytes");
        }
        for (int bit = 3; bit < 16; bit++) { // those of replies among them, in a request
            MemorySegment flags = received(good);
            flags.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2, (short) (1 << bit));
            assertThrows(ProtocolException.class, () -> CallHeader.decode(flags), "flag " + bit);
        }
        MemorySegment negative = received(good);
        negative.set(ValueLayout.JAVA_LONG_UNALIGNED, 16, -1);
        assertThrows(ProtocolException.class, () -> CallHeader.decode(negative));

        CallHeader cutWithinMessage = CallHeader.decode(received(good.asSlice(0, good.byteSize() - 1)));
        assertThrows(ProtocolException.class, () -> cutWithinMessage.parse(Call.CTX_SYNCHRONIZE.requests()));
    }

    @Test
    void randomBytesNeverDoMoreThanBeingRefused() {
        Random random = new Random(11);
        int parsed = 0;
        for (int i = 0; i < 50_000; i++) {
            byte[] bytes = new byte[random.nextInt(80)];
            random.nextBytes(bytes);
            if (bytes.length > 24) {
                bytes[2] &= 7;
                bytes[3] = 0;
                bytes[23] &= 0x7f;
            }
            try {
                CallHeader header = CallHeader.decode(received(MemorySegment.ofArray(bytes)));
                var _ = header.parse(Call.LAUNCH_KERNEL.requests());
                parsed++;
            } catch (ProtocolException e) {
                assertFalse(String.valueOf(e.getMessage()).contains("\n"));
            }
        }
        assertTrue(parsed > 0);
    }

    @Test
    void statusesHaveTheirNames() {
        assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", CudaStatus.ILLEGAL_ADDRESS.name());
        assertTrue(CudaStatus.ILLEGAL_ADDRESS.isFatal());
        assertFalse(CudaStatus.INVALID_VALUE.isFatal());
        CudaStatus unknown = new CudaStatus(12345);
        assertFalse(unknown.isKnown());
        assertEquals(12345, unknown.code());
    }

    /** As a channel gives it: a private copy in native memory, or on the heap. */
    private static MemorySegment received(MemorySegment sent) {
        return Arena.ofAuto()
                .allocate(Math.max(1, sent.byteSize()))
                .asSlice(0, sent.byteSize())
                .copyFrom(sent);
    }
}
