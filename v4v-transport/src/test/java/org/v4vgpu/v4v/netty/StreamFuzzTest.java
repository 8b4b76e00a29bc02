package org.v4vgpu.v4v.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.connection.V4vConnection;
import org.v4vgpu.v4v.ring.RingDescriptor;
import org.v4vgpu.v4v.ring.RingMemory;
import org.v4vgpu.v4v.ring.SharedReceiveRing;
import org.v4vgpu.v4v.ring.SharedSendRing;
import org.v4vgpu.v4v.socket.StreamDescriptor;
import org.v4vgpu.v4v.socket.StreamReading;

/** Records of any type and length: a socket's reader and a channel's give the same bytes and the same kind of end. */
class StreamFuzzTest {
    private static final int LENGTH = 1024;
    private static final V4vAddress OURS = new V4vAddress(2, 7);
    private static final V4vAddress PEER = new V4vAddress(1, 8);

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Sent(int type, byte[] bytes) {}

    /** A ring with its writer, and one in the other direction that nobody writes. */
    private record Wire(SharedSendRing writer, V4vConnection connection) implements AutoCloseable {
        static Wire open() throws IOException {
            RingMemory in = memory();
            RingMemory out = memory();
            SharedReceiveRing receiver = new SharedReceiveRing(in, OURS, PEER.domain(), LENGTH, _ -> {});
            SharedSendRing writer = new SharedSendRing(in, OURS, PEER, LENGTH, _ -> {});
            SharedSendRing back = new SharedSendRing(out, PEER, OURS, LENGTH, _ -> {});
            return new Wire(writer, new V4vConnection(receiver, back, OURS, PEER));
        }

        @SuppressWarnings("MustBeClosedChecker") // the arena becomes the ring memory's
        private static RingMemory memory() {
            MemorySegment memory = Arena.ofAuto().allocate(RingDescriptor.mappedBytes(LENGTH), 16);
            RingDescriptor.initialize(memory, LENGTH, 7, 1);
            RingMemory ring = new RingMemory(Arena.ofConfined(), memory, true);
            assertTrue(ring.hold());
            return ring;
        }

        /** False if there is no space. */
        boolean send(Sent sent) throws IOException {
            try {
                if (!writer.claim(sent.bytes().length)) {
                    return false;
                }
            } catch (ArgoException e) {
                assertEquals(ArgoError.EMSGSIZE, e.error());
                return false;
            }
            writer.put(0, MemorySegment.ofArray(sent.bytes()), 0, sent.bytes().length);
            writer.commit(sent.type());
            return true;
        }

        @Override
        public void close() {
            writer.close();
            connection.close();
        }
    }

    @FuzzTest(maxDuration = "10s")
    void survives(FuzzedDataProvider data) throws IOException {
        List<List<Sent>> bursts = new ArrayList<>();
        while (data.remainingBytes() > 0 && bursts.size() < 50) {
            List<Sent> burst = new ArrayList<>();
            for (int i = data.consumeInt(1, 8); i > 0; i--) {
                burst.add(record(data));
            }
            bursts.add(burst);
        }
        boolean leaves = data.consumeBoolean();
        int most = data.consumeInt(1, 200);
        assertEquals(socket(bursts, leaves, most), channel(bursts, leaves, most));
    }

    private static Sent record(FuzzedDataProvider data) {
        int type = switch (data.consumeInt(0, 31)) {
            case 0 -> StreamDescriptor.END;
            case 1 -> StreamDescriptor.RESET;
            case 2 -> data.consumeInt();
            default -> StreamDescriptor.BYTES;
        };
        byte[] bytes = new byte[data.consumeInt(0, data.consumeBoolean() ? 40 : LENGTH)];
        byte[] some = data.consumeBytes(Math.min(bytes.length, 8));
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i + (some.length == 0 ? 0 : some[i % some.length]));
        }
        return new Sent(type, bytes);
    }

    private static String socket(List<List<Sent>> bursts, boolean leaves, int most) throws IOException {
        try (Wire wire = Wire.open()) {
            StreamReading reading = new StreamReading(wire.connection());
            return read(wire, bursts, leaves, bytes -> reading.read(bytes, most));
        }
    }

    private static String channel(List<List<Sent>> bursts, boolean leaves, int most) throws IOException {
        try (Wire wire = Wire.open()) {
            V4vInput input = new V4vInput(wire.connection());
            return read(wire, bursts, leaves, bytes -> {
                ByteBuf buffer = Unpooled.buffer(most, most);
                try {
                    return input.read(buffer);
                } finally {
                    buffer.readBytes(bytes, buffer.readableBytes());
                }
            });
        }
    }

    private interface Reader {
        /** Appends some bytes; 0 if there are none now, -1 at the end. */
        int read(ByteArrayOutputStream bytes) throws IOException;
    }

    /** Sends burst for burst, each when all before has been read; then what was read and how it ended. */
    private static String read(Wire wire, List<List<Sent>> bursts, boolean leaves, Reader reader) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        String end = "none";
        try {
            for (List<Sent> burst : bursts) {
                for (Sent sent : burst) {
                    if (!wire.send(sent)) {
                        break;
                    }
                }
                if (drain(wire, reader, bytes)) {
                    end = "end";
                    break;
                }
            }
            if (leaves && end.equals("none")) {
                wire.writer().close();
                end = drain(wire, reader, bytes) ? "end" : "none";
            }
        } catch (IOException e) {
            end = e.getClass().getName() + ": " + e.getMessage();
        }
        return HexFormat.of().formatHex(bytes.toByteArray()) + " " + end;
    }

    /** Reads until no record is left that was not looked at. Whether the stream has ended. */
    private static boolean drain(Wire wire, Reader reader, ByteArrayOutputStream bytes) throws IOException {
        while (true) {
            long before = wire.connection().in().position();
            int count = reader.read(bytes);
            if (count < 0) {
                return true;
            }
            // A read may find no bytes in as many empty records as it wants to skip in its time.
            if (count == 0 && wire.connection().in().position() == before) {
                return false;
            }
        }
    }
}
