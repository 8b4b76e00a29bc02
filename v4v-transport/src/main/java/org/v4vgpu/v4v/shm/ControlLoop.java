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
import java.util.Map;

/**
 * The one thread of a domain: it serves the domain's socket, and notices hang-ups, peers that show no life where that is asked for,
 * and that the fabric itself has gone. It never blocks but in poll, and never asks another domain for anything, so two domains
 * can't wait for each other.
 */
final class ControlLoop implements Runnable {
    private static final Logger LOG = System.getLogger(ControlLoop.class.getName());
    private static final long POLLFD_BYTES = 8;
    private static final long ACCEPT_PAUSE_NANOS = 1_000_000_000;

    /** How often to look whether the fabric is still there; no descriptor tells that. */
    private static final int LOOK_AROUND_MILLIS = 400;

    /** A process that is just starting may need longer for its first sign of life than for the others. */
    private static final long FIRST_BEAT_NANOS = 5_000_000_000L;

    static final int MOST_LINKS = 1024;

    /** A process has one link for each of its domains, two after a race, and one for each thread that waits for space. */
    static final int MOST_LINKS_OF_A_PROCESS = 64;

    private final FabricDomain domain;
    private final ControlServer server;
    private final int listening;
    private final int wakeup;
    private final List<ServedLink> served = new ArrayList<>();

    private long acceptFailedNanos = System.nanoTime() - ACCEPT_PAUSE_NANOS;
    private long lookedNanos = System.nanoTime();
    private long beatNanos = System.nanoTime();
    private volatile boolean closed;

    ControlLoop(FabricDomain domain, ControlServer server, int listening, int wakeup) {
        this.domain = domain;
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
            while (!closed && isInFabric()) {
                turn(packet, reply);
            }
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.ERROR, "the control loop of domain " + domain.id() + " failed", e);
        } finally {
            served.forEach(link -> Linux.close(link.fd));
            Linux.close(listening);
            domain.close();
        }
    }

    private boolean isInFabric() {
        long now = System.nanoTime();
        if (now - lookedNanos < LOOK_AROUND_MILLIS * 1_000_000L) {
            return true;
        }
        lookedNanos = now;
        boolean isInFabric = domain.isInFabric();
        if (!isInFabric) {
            LOG.log(Level.WARNING, "domain {0} leaves: {1} was removed", domain.id(), domain.fabric());
        }
        return isInFabric;
    }

    private void turn(MemorySegment packet, MemorySegment reply) throws IOException {
        Map<Peer, ControlLink> links = domain.peers().links();
        try (Arena arena = Arena.ofConfined()) {
            int count = 2 + served.size() + links.size();
            MemorySegment fds = arena.allocate(count * POLLFD_BYTES, 4);
            want(fds, 0, wakeup, Linux.POLLIN);
            boolean pausing = System.nanoTime() - acceptFailedNanos < ACCEPT_PAUSE_NANOS;
            want(fds, 1, pausing ? -1 : listening, Linux.POLLIN); // poll ignores negative descriptors
            int at = 2;
            for (ServedLink link : served) {
                want(fds, at++, link.fd, Linux.POLLIN);
            }
            for (ControlLink link : links.values()) {
                want(fds, at++, link.fd(), (short) 0); // a hang-up is always reported
            }
            int ready = Linux.poll(fds, count, beat(links));
            if (ready > 0) {
                serve(fds, links, packet, reply);
            }
            dropSilent();
        }
    }

    private void serve(MemorySegment fds, Map<Peer, ControlLink> links, MemorySegment packet, MemorySegment reply)
            throws IOException {
        int at = 2 + served.size();
        for (Peer peer : links.keySet()) {
            if ((events(fds, at++) & (Linux.POLLHUP | Linux.POLLERR)) != 0) {
                domain.peerGone(peer);
            }
        }
        at = 2;
        for (Iterator<ServedLink> each = served.iterator(); each.hasNext(); ) {
            ServedLink link = each.next();
            if (events(fds, at++) != 0 && !serve(link, packet, reply)) {
                each.remove();
                drop(link);
            }
        }
        if (events(fds, 0) != 0) {
            Linux.drain(wakeup);
            server.answerWaiting(reply);
        }
        if (events(fds, 1) != 0) {
            accept();
        }
    }

    private static void want(MemorySegment fds, int at, int fd, short events) {
        fds.set(ValueLayout.JAVA_INT, at * POLLFD_BYTES, fd);
        fds.set(ValueLayout.JAVA_SHORT, at * POLLFD_BYTES + 4, events);
    }

    private static int events(MemorySegment fds, int at) {
        return fds.get(ValueLayout.JAVA_SHORT, at * POLLFD_BYTES + 6);
    }

    /** Shows life to those who asked for it. How long the next poll may take, in milliseconds. */
    private int beat(Map<Peer, ControlLink> links) throws IOException {
        int millis = LOOK_AROUND_MILLIS;
        if (domain.configuration().stoppedMillis() > 0) {
            millis = Math.min(millis, domain.configuration().beatMillis());
        }
        int wanted = Integer.MAX_VALUE;
        for (ControlLink link : links.values()) {
            if (link.beatMillis() > 0) {
                wanted = Math.min(wanted, link.beatMillis());
            }
        }
        if (wanted == Integer.MAX_VALUE) {
            return millis;
        }
        long now = System.nanoTime();
        if (now - beatNanos >= wanted * 1_000_000L) {
            beatNanos = now;
            for (ControlLink link : links.values()) {
                if (link.beatMillis() > 0) {
                    link.beat();
                }
            }
        }
        long left = wanted - (now - beatNanos) / 1_000_000;
        return Math.clamp(left, 1, millis);
    }

    /** Drops the links of peers that have gone, and of those that have shown no life for too long, which is to be gone. */
    private void dropSilent() {
        long stoppedNanos = domain.configuration().stoppedMillis() * 1_000_000L;
        long now = System.nanoTime();
        for (Iterator<ServedLink> each = served.iterator(); each.hasNext(); ) {
            ServedLink link = each.next();
            Peer peer = link.peer;
            if (peer == null) {
                continue;
            }
            long limitNanos = link.hasBeaten ? stoppedNanos : Math.max(stoppedNanos, FIRST_BEAT_NANOS);
            boolean silent = stoppedNanos > 0 && !link.isAside && now - link.heardNanos > limitNanos;
            if (silent) {
                LOG.log(
                        Level.WARNING,
                        "domain {0} gives up domain {1}: no sign of life for {2} ms",
                        domain.id(),
                        peer.domain,
                        limitNanos / 1_000_000);
            }
            if (silent || peer.gone) {
                each.remove();
                drop(link);
            }
        }
    }

    private void drop(ServedLink link) {
        Linux.close(link.fd);
        domain.rings().forget(link);
        if (link.peer != null && !link.isAside) {
            domain.peerGone(link.peer);
        }
    }

    private void accept() {
        int fd;
        try {
            fd = Linux.accept(listening);
        } catch (LinuxException e) {
            if (e.errno() != Linux.EAGAIN) { // it would fail again at once
                acceptFailedNanos = System.nanoTime();
                LOG.log(Level.WARNING, "domain {0} could not accept a peer: {1}", domain.id(), e.getMessage());
            }
            return;
        } catch (IOException e) {
            throw new AssertionError("a system call fails with a LinuxException", e);
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
            LOG.log(Level.WARNING, "domain {0} turned a peer away: {1}", domain.id(), e.getMessage());
        }
    }

    /** Serves one request. False if the link is to be closed. */
    private boolean serve(ServedLink link, MemorySegment packet, MemorySegment reply) {
        int fd = -1;
        try {
            Linux.Packet received = Linux.receive(link.fd, packet);
            fd = received.fd();
            if (received.bytes() == 0) {
                return false;
            }
            link.heardNanos = System.nanoTime();
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
            return server.serve(link, packet.asSlice(0, received.bytes()), fd, reply);
        } catch (LinuxException e) {
            return e.errno() == Linux.EAGAIN;
        } catch (IOException e) {
            return refuse(link, String.valueOf(e.getMessage()));
        } finally {
            if (fd >= 0) {
                Linux.close(fd);
            }
        }
    }

    private boolean refuse(ServedLink link, String why) {
        LOG.log(
                Level.WARNING,
                "domain {0} drops the process {1}: it {2}",
                domain.id(),
                Integer.toString(link.pid),
                why);
        return false;
    }
}
