package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The one thread of a hypervisor: it serves the domain's socket and notices hang-ups. It never blocks but in poll, and never asks
 * another domain for anything, so two domains can't wait for each other.
 */
final class ControlLoop implements Runnable {
    private static final Logger LOG = System.getLogger(ControlLoop.class.getName());
    private static final long POLLFD_BYTES = 8;
    private static final long ACCEPT_PAUSE_NANOS = 1_000_000_000;
    private static final int MOST_LINKS = 1024;

    /** A process has one link for each of its domains, two after a race. */
    private static final int MOST_LINKS_OF_A_PROCESS = 64;

    private final SharedMemoryHypervisor hypervisor;
    private final ControlServer server;
    private final int listening;
    private final int wakeup;
    private final List<ServedLink> served = new ArrayList<>();

    private long acceptFailedNanos = System.nanoTime() - ACCEPT_PAUSE_NANOS;
    private volatile boolean closed;

    ControlLoop(SharedMemoryHypervisor hypervisor, ControlServer server, int listening, int wakeup) {
        this.hypervisor = hypervisor;
        this.server = server;
        this.listening = listening;
        this.wakeup = wakeup;
    }

    /** Makes the loop look at what it watches again. Any thread. */
    void wake() {
        try {
            Linux.signal(wakeup);
        } catch (IOException e) {
            throw new IllegalStateException("an eventfd that is open can be written", e);
        }
    }

    /** Ends the loop. Any thread; the descriptors are the loop's to close. */
    void close() {
        closed = true;
        wake();
    }

    @Override
    public void run() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment packet = arena.allocate(ControlDescriptor.MAXIMUM_PACKET_BYTES, 8);
            MemorySegment reply = arena.allocate(ControlDescriptor.BYTES, 8);
            while (!closed) {
                turn(packet, reply);
            }
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.ERROR, "the control loop of domain " + hypervisor.domain() + " failed", e);
        } finally {
            served.forEach(link -> Linux.close(link.fd));
            Linux.close(listening);
            hypervisor.loopEnded();
        }
    }

    private void turn(MemorySegment packet, MemorySegment reply) throws IOException {
        List<Peer> peers = hypervisor.peersWithLinks();
        try (Arena arena = Arena.ofConfined()) {
            int count = 2 + served.size() + peers.size();
            MemorySegment fds = arena.allocate(count * POLLFD_BYTES, 4);
            want(fds, 0, wakeup, Linux.POLLIN);
            boolean pausing = System.nanoTime() - acceptFailedNanos < ACCEPT_PAUSE_NANOS;
            want(fds, 1, pausing ? -1 : listening, Linux.POLLIN);
            int at = 2;
            for (ServedLink link : served) {
                want(fds, at++, link.fd, Linux.POLLIN);
            }
            for (Peer peer : peers) {
                want(fds, at++, hypervisor.linkFd(peer), (short) 0); // a hang-up is always reported
            }
            if (Linux.poll(fds, count, pausing ? (int) (ACCEPT_PAUSE_NANOS / 1_000_000) : -1) == 0) {
                return;
            }
            at = 2 + served.size();
            for (Peer peer : peers) {
                if ((events(fds, at++) & (Linux.POLLHUP | Linux.POLLERR)) != 0) {
                    hypervisor.peerGone(peer);
                }
            }
            at = 2;
            for (Iterator<ServedLink> each = served.iterator(); each.hasNext(); ) {
                ServedLink link = each.next();
                if (events(fds, at++) != 0 && !serve(link, packet, reply)) {
                    each.remove();
                    Linux.close(link.fd);
                    if (link.peer != null) {
                        hypervisor.peerGone(link.peer);
                    }
                }
            }
            if (events(fds, 0) != 0) {
                Linux.drain(wakeup);
            }
            if (events(fds, 1) != 0) {
                accept();
            }
        }
    }

    private static void want(MemorySegment fds, int at, int fd, short events) {
        fds.set(ValueLayout.JAVA_INT, at * POLLFD_BYTES, fd);
        fds.set(ValueLayout.JAVA_SHORT, at * POLLFD_BYTES + 4, events);
    }

    private static int events(MemorySegment fds, int at) {
        return fds.get(ValueLayout.JAVA_SHORT, at * POLLFD_BYTES + 6);
    }

    private void accept() {
        int fd;
        try {
            fd = Linux.accept(listening);
        } catch (IOException e) { // it would fail again at once
            acceptFailedNanos = System.nanoTime();
            LOG.log(Level.WARNING, "domain {0} could not accept a peer: {1}", hypervisor.domain(), e.getMessage());
            return;
        }
        try {
            int pid = Linux.peerCredentials(fd).pid();
            if (served.size() >= MOST_LINKS
                    || served.stream().filter(link -> link.pid == pid).count() >= MOST_LINKS_OF_A_PROCESS) {
                throw new IOException("too many control connections, the last one of process " + pid);
            }
            served.add(new ServedLink(fd, pid));
        } catch (IOException e) {
            Linux.close(fd);
            LOG.log(Level.WARNING, "domain {0} turned a peer away: {1}", hypervisor.domain(), e.getMessage());
        }
    }

    /** Serves one request. False if the link is to be closed. */
    private boolean serve(ServedLink link, MemorySegment packet, MemorySegment reply) {
        try {
            Linux.Packet received = Linux.receive(link.fd, packet);
            if (received.fd() >= 0) {
                Linux.close(received.fd());
                return refuse(link, "sent a descriptor");
            }
            if (received.bytes() == 0) {
                return false;
            }
            if (!ControlDescriptor.hasMagic(packet, received.bytes())) {
                return refuse(link, "does not speak the fabric's protocol");
            }
            if (ControlDescriptor.version(packet) != ControlDescriptor.VERSION) {
                // It reads our version in the reply and says so to its user.
                ControlDescriptor.write(
                        reply, ControlDescriptor.kind(packet), ControlDescriptor.id(packet), 0, 0, 0, 0, 0);
                Linux.send(link.fd, reply, -1);
                return refuse(
                        link,
                        "speaks version " + ControlDescriptor.version(packet)
                                + " of the fabric's protocol, this is version " + ControlDescriptor.VERSION);
            }
            return server.serve(link, packet.asSlice(0, received.bytes()), reply);
        } catch (LinuxException e) {
            return e.errno() == Linux.EAGAIN;
        } catch (IOException e) {
            return refuse(link, String.valueOf(e.getMessage()));
        }
    }

    private boolean refuse(ServedLink link, String why) {
        LOG.log(
                Level.WARNING,
                "domain {0} drops the process {1}: it {2}",
                hypervisor.domain(),
                Integer.toString(link.pid),
                why);
        return false;
    }
}
