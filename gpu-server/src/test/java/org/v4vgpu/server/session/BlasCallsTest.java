package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.proto.BlasComputeRequest;
import org.v4vgpu.proto.BlasOpenReply;
import org.v4vgpu.proto.BlasOpenRequest;
import org.v4vgpu.proto.BlasOperation;
import org.v4vgpu.proto.BlasReduceReply;
import org.v4vgpu.proto.BlasReduceRequest;
import org.v4vgpu.proto.BlasRoutine;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CtxSynchronizeRequest;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.server.session.TestClient.Reply;

/** Linear algebra as a client asks for it, and as one that lies does. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class BlasCallsTest {
    @Test
    void sumsComeBackAndWhatIsWrongComesBackLate() throws IOException {
        try (TestHost host = new TestHost(SessionLimits.DEFAULT);
                TestClient client = host.open();
                TestClient stranger = host.open()) {
            long context = client.createContext();
            long memory = client.allocate(context, 16);
            client.write(
                    context,
                    0,
                    memory,
                    ByteBuffer.allocate(16)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putFloat(1)
                            .putFloat(-2)
                            .putFloat(3)
                            .putFloat(-4)
                            .array());
            BlasOperation sum = BlasOperation.newBuilder()
                    .setContext(context)
                    .setRoutine(BlasRoutine.BLAS_ASUM)
                    .setN(4)
                    .setA(memory)
                    .setStepA(1)
                    .build();
            assertEquals(10, reduce(client, sum).message().getResult());
            assertEquals(120_000, open(client, context).message().getVersion());
            assertStatus(CudaStatus.INVALID_CONTEXT, open(stranger, context));

            assertStatus(
                    CudaStatus.INVALID_VALUE,
                    reduce(client, BlasOperation.newBuilder(sum).setN(5)));
            assertStatus(
                    CudaStatus.INVALID_VALUE,
                    reduce(client, BlasOperation.newBuilder(sum).setN(-1)));
            assertStatus(
                    CudaStatus.INVALID_VALUE,
                    reduce(client, BlasOperation.newBuilder(sum).setA(memory + 1)));
            assertStatus(
                    CudaStatus.INVALID_VALUE,
                    reduce(client, BlasOperation.newBuilder(sum).setRoutine(BlasRoutine.BLAS_SCAL)));
            assertStatus(
                    CudaStatus.INVALID_VALUE,
                    reduce(client, BlasOperation.newBuilder(sum).setRoutineValue(99)));
            assertStatus(
                    CudaStatus.INVALID_HANDLE,
                    reduce(client, BlasOperation.newBuilder(sum).setStream(77)));
            assertStatus(CudaStatus.INVALID_CONTEXT, reduce(stranger, BlasOperation.newBuilder(sum)));
            long other = stranger.createContext();
            assertStatus(
                    CudaStatus.INVALID_VALUE,
                    reduce(stranger, BlasOperation.newBuilder(sum).setContext(other)));

            client.post(
                    Call.BLAS_COMPUTE,
                    BlasComputeRequest.newBuilder().setOperation(sum).build()); // a result, and no place for it
            Reply<?> late = client.call(
                    Call.CTX_SYNCHRONIZE,
                    CtxSynchronizeRequest.newBuilder().setContext(context).build());
            assertEquals(CudaStatus.INVALID_VALUE.code(), late.status());
            assertTrue(late.text().startsWith("an earlier BlasCompute failed"), late.text());
            client.goodbye();
            stranger.goodbye();
        }
    }

    private static Reply<BlasOpenReply> open(TestClient client, long context) throws IOException {
        return client.call(
                Call.BLAS_OPEN, BlasOpenRequest.newBuilder().setContext(context).build());
    }

    private static Reply<BlasReduceReply> reduce(TestClient client, BlasOperation.Builder operation)
            throws IOException {
        return reduce(client, operation.build());
    }

    private static Reply<BlasReduceReply> reduce(TestClient client, BlasOperation operation) throws IOException {
        return client.call(
                Call.BLAS_REDUCE,
                BlasReduceRequest.newBuilder().setOperation(operation).build());
    }

    private static void assertStatus(CudaStatus expected, Reply<?> reply) {
        assertEquals(expected.code(), reply.status(), reply.text());
    }
}
