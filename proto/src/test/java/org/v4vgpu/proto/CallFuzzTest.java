package org.v4vgpu.proto;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;

/** Headers of any bytes: decoded and parsed as every call and reply, or refused with a ProtocolException of one line. */
class CallFuzzTest {
    @FuzzTest(maxDuration = "10s")
    void survives(FuzzedDataProvider data) {
        Call<?, ?> call = data.pickValue(Call.table());
        boolean isReply = data.consumeBoolean();
        byte[] bytes = data.consumeRemainingAsBytes();
        try {
            CallHeader header = CallHeader.decode(MemorySegment.ofArray(bytes).asReadOnly());
            assertTrue(header.payloadBytes() >= 0);
            assertTrue(header.number() >= 0 && header.number() <= 0xFFFF);
            Object message = isReply ? header.parse(call.replies()) : header.parse(call.requests());
            assertNotNull(message.toString(), "prints what it holds, whatever that is");
        } catch (ProtocolException e) {
            assertTrue(String.valueOf(e.getMessage()).indexOf('\n') < 0, e.getMessage());
        }
    }
}
