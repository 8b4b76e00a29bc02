package org.v4vgpu.v4v.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.V4vAddress;

/** What a process that is no friend can do over a domain's socket: be turned away. */
@Timeout(60)
class ControlPathTest {
    private static final int DOMAIN = 1;
    private static final int ANSWER_MILLIS = 10_000;

    @TempDir
    Path directory;

    private Fabric fabric;
    private SharedMemoryHypervisor domain;
    private final List<Integer> sockets = new ArrayList<>();

    /** Of the domain that this process says it is. */
    private long incarnation;

    @BeforeEach
    void open() throws IOException {
        fabric = Fabric.of(directory);
        domain = SharedMemoryHypervisor.open(fabric, DOMAIN);
    }

    @AfterEach
    void close() {
        sockets.forEach(Linux::close);
        domain.close();
    }

    private int connect() throws IOException {
        int fd = Linux.seqpacketSocket();
        sockets.add(fd);
        Linux.connect(fd, fabric.socket(DOMAIN));
        return fd;
    }

    @Test
    void turnsAwayAProcessWithTooManyLinks() throws IOException {
        List<Integer> links = new ArrayList<>();
        for (int i = 0; i < ControlLoop.MOST_LINKS_OF_A_PROCESS; i++) {
            links.add(connect());
        }
        assertTrue(isHungUp(connect()), "one too many");
        for (int link : links) {
            assertEquals(-1, tryReceive(link), "a link that was accepted stays");
        }
        sockets.forEach(Linux::close);
        sockets.clear();
        awaitUsable();
    }

    /** Until the domain has noticed that the links are gone, it takes no others from this process. */
    private void awaitUsable() throws IOException {
        long start = System.nanoTime();
        while (true) {
            try (SharedMemoryHypervisor other = SharedMemoryHypervisor.open(fabric, 2)) {
                assertTrue(!other.notify(new V4vAddress(DOMAIN, 1), 0).exists());
                assertEquals(1, other.register(1, DOMAIN, 48).partner());
                return;
            } catch (IOException e) {
                assertTrue(System.nanoTime() - start < 1_000_000_000L, e.getMessage());
            }
        }
    }

    @Test
    void refusesAProcessThatCannotBeIdentified() {
        for (int pid : new int[] {0, -1}) {
            IOException e = assertThrows(IOException.class, () -> DomainClaim.isHeldBy(fabric, DOMAIN, pid));
            assertTrue(String.valueOf(e.getMessage()).contains("PID namespace"), e.getMessage());
        }
    }

    @Test
    void believesNobodyWhoHoldsNoLock() throws IOException {
        for (int claimed : new int[] {7, -1, V4vAddress.DOMAIN_ANY, Integer.MAX_VALUE}) {
            int fd = connect();
            assertEquals(ArgoError.EPERM.errno(), ask(fd, ControlDescriptor.HELLO, claimed, -1));
            assertTrue(isHungUp(fd), "domain " + claimed);
        }
    }

    @Test
    void dropsWhoDoesNotSayWhoItIs() throws IOException {
        int[] kinds = {
            ControlDescriptor.RESOLVE,
            ControlDescriptor.SEND,
            ControlDescriptor.NOTIFY,
            ControlDescriptor.WAIT,
            ControlDescriptor.BEAT
        };
        for (int kind : kinds) {
            int fd = connect();
            send(fd, kind, 0, 0, -1);
            assertTrue(isHungUp(fd), "request " + kind);
        }
    }

    @Test
    void dropsWhoTalksNonsense() throws IOException {
        ReceiveRing ring = domain.register(5, V4vAddress.DOMAIN_ANY, 4096);
        int unsealed = Linux.eventfd();
        try (SharedMemoryHypervisor other = SharedMemoryHypervisor.open(fabric, 2)) {
            incarnation = other.incarnation();
            int[][] requests = {
                {99, 0, -1}, // no such request
                {ControlDescriptor.HELLO, 0, -1}, // once is enough; answered with EPERM
                {ControlDescriptor.RESOLVE, 0, unsealed}, // a descriptor where none belongs
                {ControlDescriptor.SEND, 100, unsealed}, // a message in memory that can shrink
                {ControlDescriptor.SEND, -1, unsealed},
                {ControlDescriptor.SEND, Integer.MAX_VALUE, unsealed},
            };
            for (int[] request : requests) {
                int fd = connect();
                // This process holds the lock of domain 2, so it is domain 2.
                assertEquals(0, ask(fd, ControlDescriptor.HELLO, 2, -1));
                send(fd, request[0], 2, request[1], request[2]);
                long answered = tryAnswer(fd);
                assertTrue(answered == 0 || isHungUp(fd), "request " + request[0]);
            }
            int garbage = connect();
            try (Arena arena = Arena.ofConfined()) {
                Linux.send(garbage, arena.allocate(3), -1);
            }
            assertTrue(isHungUp(garbage));
            assertTrue(!ring.next(), "nothing of it was delivered");
        } finally {
            Linux.close(unsealed);
        }
        awaitUsable();
    }

    private void send(int fd, int kind, int number, int length, int passed) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packet = arena.allocate(ControlDescriptor.BYTES, 8);
            ControlDescriptor.write(packet, kind, 1, 0, 5, number, 0, incarnation);
            ControlDescriptor.writeLength(packet, length);
            Linux.send(fd, packet, passed);
        }
    }

    private int ask(int fd, int kind, int number, int passed) throws IOException {
        send(fd, kind, number, 0, passed);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packet = arena.allocate(ControlDescriptor.BYTES, 8);
            await(fd, arena);
            assertEquals(ControlDescriptor.BYTES, Linux.receive(fd, packet).bytes());
            return ControlDescriptor.status(packet);
        }
    }

    /** The bytes of the next answer; 0 if the domain has hung up. */
    private static long tryAnswer(int fd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            await(fd, arena);
        }
        return tryReceive(fd);
    }

    private static boolean isHungUp(int fd) throws IOException {
        return tryAnswer(fd) == 0;
    }

    private static void await(int fd, Arena arena) throws IOException {
        MemorySegment poll = arena.allocate(8, 4);
        poll.set(ValueLayout.JAVA_INT, 0, fd);
        poll.set(ValueLayout.JAVA_SHORT, 4, Linux.POLLIN);
        assertEquals(1, Linux.poll(poll, 1, ANSWER_MILLIS), "no answer");
    }

    /** -1 if there is nothing to receive. */
    private static int tryReceive(int fd) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            return Linux.receive(fd, arena.allocate(ControlDescriptor.BYTES, 8)).bytes();
        } catch (LinuxException e) {
            if (e.errno() == Linux.EAGAIN) {
                return -1;
            }
            if (e.errno() == Linux.ECONNRESET) {
                return 0;
            }
            throw e;
        }
    }
}
