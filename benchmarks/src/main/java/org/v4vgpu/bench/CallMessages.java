package org.v4vgpu.bench;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.CallEncoder;
import org.v4vgpu.proto.CallHeader;
import org.v4vgpu.proto.CtxSynchronizeReply;
import org.v4vgpu.proto.CtxSynchronizeRequest;
import org.v4vgpu.proto.CudaStatus;

/** What both sides do with the messages of a call without payload, in one thread and with nothing between them. Confined to it. */
final class CallMessages {
    private static final int FLAGS = CallDescriptor.WAITS | CallDescriptor.LAST;

    private final CallEncoder client = new CallEncoder();
    private final CallEncoder server = new CallEncoder();
    private long sequence;

    /** So many calls. */
    void pass(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            CtxSynchronizeRequest request =
                    CtxSynchronizeRequest.newBuilder().setContext(3).build();
            MemorySegment asked = client.request(Call.CTX_SYNCHRONIZE, FLAGS, ++sequence, 0, request);
            CallHeader header = CallHeader.decode(asked);
            CtxSynchronizeRequest received = header.parse(Call.CTX_SYNCHRONIZE.requests());
            if (received.getContext() != request.getContext()) {
                throw new IllegalStateException("the message came out as another: " + received);
            }
            MemorySegment answered = server.reply(
                    header.number(),
                    CallDescriptor.LAST,
                    CudaStatus.SUCCESS,
                    header.sequence(),
                    0,
                    CtxSynchronizeReply.getDefaultInstance());
            if (CallHeader.decode(answered).sequence() != sequence) {
                throw new IllegalStateException("the reply is another call's");
            }
        }
    }
}
