package org.v4vgpu.v4v.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.PeerLostException;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.connection.V4vConnections;
import org.v4vgpu.v4v.connection.V4vListener;

/** What is left by those who die, and how it is noticed; on a Xen that is played in this process. */
@Timeout(60)
@Execution(ExecutionMode.CONCURRENT) // waits, mostly
class DeathOnXenTest {
    private final FakeXen xen = new FakeXen(3_500);

    @TempDir
    Path directory;

    private interface Condition {
        boolean holds();
    }

    private static void await(Condition condition, String what) throws InterruptedException {
        for (int i = 0; !condition.holds(); i++) {
            assertTrue(i < 2000, what);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private void leaveLedger(String name, long port, int partner) throws IOException {
        Path state = Files.createDirectories(directory.resolve("state-1"));
        try (FileChannel channel = FileChannel.open(
                        state.resolve(name + ".rings"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
                RingLedger ledger = RingLedger.create(channel)) {
            ledger.note(port, partner);
        }
        Files.writeString(Files.createDirectories(directory.resolve("memory-1")).resolve(name), "rings");
    }

    @Test
    void unregistersAtItsStartWhatADeadProcessLeft() throws Exception {
        try (V4vHypervisor peer = xen.open(2, directory)) {
            ArgoDomain dead = xen.boot(1, directory);
            // A ring that no process of the domain knows of, as after kill -9.
            assertEquals(0, registerByHand(dead));
            dead.close();
            leaveLedger("dead", 77, 2);
            assertEquals(1, xen.ringsOf(1));
            try (V4vHypervisor successor = xen.open(1, directory)) {
                assertEquals(0, xen.ringsOf(1), "the stale ring is gone");
                assertFalse(Files.exists(directory.resolve("memory-1/dead")), "and then its memory");
                assertFalse(Files.exists(directory.resolve("state-1/dead.rings")));
                successor.register(77, 2, 256);
                assertTrue(peer.notify(new V4vAddress(1, 77), 1).exists());
            }
        }
    }

    /** Past the ledger. */
    private static int registerByHand(ArgoDomain domain) throws ArgoException {
        return domain.calls().register(77, 2, 256, domain.stage(8192).segment());
    }

    @Test
    void unregistersWhatAnotherProcessLeftWhileItRuns() throws Exception {
        try (V4vHypervisor peer = xen.open(2, directory)) {
            ArgoDomain domain = xen.boot(1, directory);
            assertEquals(0, registerByHand(domain));
            SendRing out = peer.attach(1, new V4vAddress(1, 77));
            assertTrue(out.isPartnerAlive());
            leaveLedger("dead", 77, 2);
            await(() -> xen.ringsOf(1) == 0, "the broker did not look");
            assertFalse(out.isPartnerAlive());
            assertThrows(ArgoException.class, () -> out.claim(1));
            domain.close();
        }
    }

    @Test
    void leavesNothingBehindWhenItCloses() throws Exception {
        try (V4vHypervisor _ = xen.open(2, directory)) {
            V4vHypervisor one = xen.open(1, directory);
            one.register(1, 2, 4096);
            one.close();
        }
        for (String left : new String[] {"memory-1", "memory-2"}) {
            try (var files = Files.list(directory.resolve(left))) {
                assertEquals(0, files.count(), left);
            }
        }
    }

    @Test
    void missesADestroyedDomain() throws Exception {
        try (V4vHypervisor serving = xen.open(1, directory);
                V4vListener listener = V4vListener.open(serving, 4840)) {
            V4vHypervisor connecting = xen.open(2, directory);
            MessageChannel client = V4vConnections.connect(connecting, new V4vAddress(1, 4840), 10_000_000_000L);
            MessageChannel server = listener.accept();
            client.send(java.lang.foreign.MemorySegment.ofArray(new byte[8]));
            server.receive().close();
            xen.destroy(2);
            assertThrows(PeerLostException.class, () -> server.receive(2_000_000_000L));
            assertFalse(server.isPeerAlive());
            connecting.close();
        }
    }

    @Test
    void takesAPeerWhoseRingsOthersUnregisteredForDead() throws Exception {
        try (V4vHypervisor serving = xen.open(1, directory);
                V4vHypervisor connecting = xen.open(2, directory);
                V4vListener listener = V4vListener.open(serving, 4840);
                MessageChannel client = V4vConnections.connect(connecting, new V4vAddress(1, 4840), 10_000_000_000L);
                MessageChannel server = listener.accept()) {
            assertTrue(client.isPeerAlive());
            TimeUnit.MILLISECONDS.sleep(600); // both have pulsed
            xen.forgetRings(1); // as the broker of a killed process's domain has Xen do
            assertThrows(PeerLostException.class, () -> client.receive(2_000_000_000L));
            assertTrue(server.isOpen());
        }
    }

    @Test
    void missesAWriterThatFellSilentWhereNobodyCleansUp() throws Exception {
        try (V4vHypervisor receiver = xen.open(1, directory);
                V4vHypervisor sender = xen.open(2, directory)) {
            ReceiveRing ring = receiver.register(5, 2, 256);
            SendRing out = sender.attach(9, ring.address());
            assertNotNull(out);
            TimeUnit.MILLISECONDS.sleep(500); // a look or two
            assertTrue(ring.isPartnerAlive());
            xen.silence(2);
            await(() -> !ring.isPartnerAlive(), "its silence was not noticed");
        }
    }

    @Test
    void goesOnWhenAPeerClosesItsOwnRingAndStillSends() throws Exception {
        try (V4vHypervisor receiver = xen.open(1, directory);
                V4vHypervisor sender = xen.open(2, directory)) {
            ReceiveRing ring = receiver.register(5, 2, 4096);
            ReceiveRing back = sender.register(9, 1, 4096);
            SendRing out = sender.attach(9, ring.address());
            assertFalse(ring.next());
            TimeUnit.MILLISECONDS.sleep(600); // it is seen that the writer has a ring
            back.close();
            TimeUnit.MILLISECONDS.sleep(900); // and that it has none
            assertTrue(ring.isPartnerAlive());
            out.close();
            assertFalse(ring.await(1_000_000_000L));
            assertTrue(ring.isFinished());
        }
    }

    @Test
    void takesAClosedConnectionForClosedAndNotForDead() throws Exception {
        try (V4vHypervisor serving = xen.open(1, directory);
                V4vHypervisor connecting = xen.open(2, directory);
                V4vListener listener = V4vListener.open(serving, 4840)) {
            MessageChannel client = V4vConnections.connect(connecting, new V4vAddress(1, 4840), 10_000_000_000L);
            MessageChannel server = listener.accept();
            int sent = 0;
            byte[] payload = new byte[client.maximumPayloadBytes()];
            for (; sent < 3; sent++) { // nearly full
                client.send(
                        java.lang.foreign.MemorySegment.ofArray(new byte[8]),
                        java.lang.foreign.MemorySegment.ofArray(payload));
            }
            client.close();
            TimeUnit.MILLISECONDS.sleep(900);
            for (int i = 0; i < sent; i++) {
                try (IncomingMessage message = server.receive(1_000_000_000L)) {
                    assertEquals(8, message.header().byteSize());
                }
            }
            assertThrows(java.io.EOFException.class, () -> server.receive(1_000_000_000L));
        }
    }

    @Test
    void takesAWriterWhoseMessageWasRefusedForDeadAndNotForClosed() throws Exception {
        try (V4vHypervisor serving = xen.open(1, directory);
                V4vHypervisor connecting = xen.open(2, directory);
                V4vListener listener = V4vListener.open(serving, 4840)) {
            MessageChannel client = V4vConnections.connect(connecting, new V4vAddress(1, 4840), 10_000_000_000L);
            MessageChannel server = listener.accept();
            client.send(java.lang.foreign.MemorySegment.ofArray(new byte[8]));
            xen.refuseNextMessage(2, ArgoError.EACCES);
            client.send(java.lang.foreign.MemorySegment.ofArray(new byte[8]));
            client.close();
            server.receive(1_000_000_000L).close();
            assertThrows(PeerLostException.class, () -> server.receive(2_000_000_000L));
        }
    }
}
