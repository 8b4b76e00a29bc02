package org.v4vgpu.v4v.shm;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.Window;

/** Packets of any kind and length at a domain's control socket: each is answered or hung up on, and the domain goes on. */
class ControlFuzzTest {
    private static final int OWN = 1;
    private static final int PEER = 2;

    /** Whom the packets come from. Its death, when a socket closes, is seen by the victim, and by it that of the victim. */
    private static final int STRANGER = 3;

    private static final long PORT = 7;

    @TempDir
    static Path directory;

    private static Fabric fabric;
    private static SharedMemoryHypervisor victim;
    private static SharedMemoryHypervisor peer;
    private static SharedMemoryHypervisor stranger;
    private static ReceiveRing shared;

    @BeforeAll
    static void open() throws IOException {
        fabric = Fabric.of(directory);
        victim = SharedMemoryHypervisor.open(fabric, OWN);
        peer = SharedMemoryHypervisor.open(fabric, PEER);
        stranger = SharedMemoryHypervisor.open(fabric, STRANGER);
        shared = victim.register(PORT, V4vAddress.DOMAIN_ANY, 4096);
    }

    @AfterAll
    static void close() {
        stranger.close();
        peer.close();
        victim.close();
    }

    @FuzzTest(maxDuration = "10s")
    void survives(FuzzedDataProvider data) throws IOException {
        int fd = Linux.seqpacketSocket();
        try (Arena arena = Arena.ofConfined();
                Window window = share()) {
            Linux.connect(fd, fabric.socket(OWN));
            MemorySegment packet = arena.allocate(4096, 8);
            ReceiveRing exact = data.consumeBoolean() ? victim.register(PORT + 1, STRANGER, 48) : null;
            boolean open = !data.consumeBoolean() || exchange(fd, hello(packet));
            while (open && data.remainingBytes() > 0) {
                open = exchange(fd, request(packet, (int) window.name(), data));
                while (shared.next()) {
                    assertTrue(shared.source().domain() == STRANGER && shared.messageBytes() <= 4096);
                    shared.release(shared.position());
                }
            }
            if (exact != null) {
                exact.close();
            }
        } finally {
            Linux.close(fd);
        }
        assertTrue(peer.notify(shared.address(), 0).exists(), "the victim serves others");
        assertTrue(peer.sendv(new V4vAddress(PEER, 1), shared.address(), 1, List.of(MemorySegment.ofArray(new byte[1])))
                == 1);
        int source;
        do { // what was asked last may have been done late
            assertTrue(shared.next());
            source = shared.source().domain();
            assertTrue(source == PEER || source == STRANGER);
            shared.release(shared.position());
        } while (source != PEER);
    }

    /** The victim may just be about to see the stranger's death, when the last round's socket has closed. */
    private static Window share() throws IOException {
        long start = System.nanoTime();
        while (true) {
            try {
                return victim.share(STRANGER, 1);
            } catch (ArgoException e) {
                assertTrue(e.error() == ArgoError.ESRCH && System.nanoTime() - start < 10_000_000_000L, e.toString());
            }
        }
    }

    private static MemorySegment hello(MemorySegment packet) {
        ControlDescriptor.write(packet, ControlDescriptor.HELLO, 0, 0, 0, STRANGER, 0, stranger.incarnation());
        return packet.asSlice(0, ControlDescriptor.BYTES);
    }

    private static MemorySegment request(MemorySegment packet, int window, FuzzedDataProvider data) {
        int kind = data.consumeInt(0, 9) > 0 ? data.consumeInt(2, 7) : data.consumeInt();
        int port = kind == ControlDescriptor.WINDOW ? window : (int) PORT;
        ControlDescriptor.write(
                packet,
                kind,
                data.consumeInt(),
                data.consumeInt(),
                data.consumeBoolean() ? port + data.consumeInt(0, 2) : data.consumeInt(),
                data.consumeInt(),
                data.consumeInt(),
                data.consumeLong());
        if (data.consumeInt(0, 31) == 0) { // also the magic and the version
            packet.set(ValueLayout.JAVA_INT, 4L * data.consumeInt(0, 9), data.consumeInt());
        }
        return packet.asSlice(0, data.consumeInt(0, 3) > 0 ? data.consumeInt(40, 4096) : data.consumeInt(1, 80));
    }

    /** A sign of life has no answer, and a wait for space may have one later. */
    private static boolean maySayNothing(MemorySegment packet) {
        if (packet.byteSize() < ControlDescriptor.BYTES) {
            return false;
        }
        int kind = ControlDescriptor.kind(packet);
        return kind == ControlDescriptor.WAIT || kind == ControlDescriptor.BEAT;
    }

    private static MemorySegment question(MemorySegment packet) {
        ControlDescriptor.write(packet, ControlDescriptor.NOTIFY, 0, 0, (int) PORT, 0, 0, 0);
        return packet;
    }

    /** Sends a packet and takes an answer. False after a hang-up. */
    private static boolean exchange(int fd, MemorySegment packet) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            Linux.send(fd, packet, -1);
            if (maySayNothing(packet)) {
                Linux.send(fd, question(arena.allocate(ControlDescriptor.BYTES, 8)), -1);
            }
            MemorySegment poll = arena.allocate(8, 4);
            poll.set(ValueLayout.JAVA_INT, 0, fd);
            poll.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
            assertTrue(Linux.poll(poll, 1, 10_000) > 0, "neither answer nor hang-up");
            Linux.Packet reply = Linux.receive(fd, arena.allocate(ControlDescriptor.MAXIMUM_PACKET_BYTES, 8));
            if (reply.fd() >= 0) {
                Linux.close(reply.fd());
            }
            return reply.bytes() > 0;
        } catch (LinuxException e) {
            return false; // reset
        }
    }
}
