package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import org.slf4j.LoggerFactory;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.nvrtc.CompilerChoice;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CallDescriptor;
import org.v4vgpu.proto.ServerStatusReply;

/**
 * A lane that is given any frames: it answers or closes the connection, ends, leaves nothing behind, and none of it is the server's own
 * failure (which would be in the log as an error).
 */
final class LaneFuzzTest {
    private static final Logger SERVER = (Logger) LoggerFactory.getLogger("org.v4vgpu");
    private static final ListAppender<ILoggingEvent> ERRORS = new ListAppender<>();

    private static final Device DEVICE =
            new SoftwareDevice(SoftwareDeviceOptions.defaults().withTotalBytes(1 << 20));
    private static final Sessions SESSIONS = new Sessions(
            List.of(DEVICE),
            SessionLimits.DEFAULT,
            CompilerChoice.NONE,
            () -> ServerStatusReply.newBuilder().setServer("test"));

    static {
        SERVER.setLevel(Level.ERROR);
        ERRORS.start();
        SERVER.addAppender(ERRORS);
    }

    @FuzzTest(maxDuration = "10s")
    void survives(FuzzedDataProvider data) throws IOException, InterruptedException {
        InJvmChannel[] ends = InJvmChannel.pair();
        Thread lane = Thread.ofPlatform().daemon().start(() -> SESSIONS.serve(ends[1]));
        try {
            talk(ends[0], data);
        } catch (IOException e) {
            assertTrue(!ends[1].isOpen(), () -> "the lane did not end the connection: " + e);
        }
        if (data.consumeBoolean()) {
            ends[0].die();
        } else {
            ends[0].close();
        }
        assertTrue(lane.join(Duration.ofSeconds(20)), "the lane hangs");
        assertEquals(List.of(), SESSIONS.all(), "sessions left");
        assertEquals(0, DEVICE.usedBytes(), "device memory left");
        assertTrue(ERRORS.list.isEmpty(), ERRORS.list::toString);
    }

    private static void talk(InJvmChannel channel, FuzzedDataProvider data) throws IOException {
        long sequence = 0;
        if (data.consumeInt(0, 7) > 0) {
            TestClient client = TestClient.open(channel);
            long context = client.createContext();
            client.allocate(context, 4096);
            sequence = client.sequence.get();
        }
        int sent = 0;
        while (data.remainingBytes() > 0 && sent < 8000) {
            int number =
                    data.consumeInt(0, 31) > 0 ? data.pickValue(Call.table()).number() : data.consumeInt(0, 0xFFFF);
            int flags = data.consumeInt(0, 31) > 0
                    ? data.pickValue(new int[] {
                        CallDescriptor.LAST, CallDescriptor.LAST | CallDescriptor.WAITS, 0, CallDescriptor.WAITS
                    })
                    : data.consumeInt(0, 0xFFFF);
            if (data.consumeInt(0, 7) == 0) {
                number = CallDescriptor.CONTINUATION;
            }
            boolean takesNumber = number != CallDescriptor.CONTINUATION || (flags & CallDescriptor.LAST) != 0;
            long given = data.consumeInt(0, 31) > 0 ? (takesNumber ? ++sequence : 0) : data.consumeLong();
            byte[] payload = data.consumeBytes(data.consumeInt(0, 7) > 0 ? 0 : data.consumeInt(0, 200));
            long announced = data.consumeInt(0, 7) > 0 ? payload.length : data.consumeLong();
            byte[] message = data.consumeBytes(data.consumeInt(0, 60));
            int length = data.consumeInt(0, 31) > 0
                    ? CallDescriptor.BYTES + message.length
                    : data.consumeInt(0, CallDescriptor.BYTES + message.length);
            ByteBuffer header = ByteBuffer.allocate(CallDescriptor.BYTES + message.length)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putShort((short) number)
                    .putShort((short) flags)
                    .putInt(0)
                    .putLong(given)
                    .putLong(announced)
                    .put(message);
            channel.send(MemorySegment.ofArray(header.array()).asSlice(0, length), MemorySegment.ofArray(payload));
            sent += length + payload.length;
        }
    }
}
