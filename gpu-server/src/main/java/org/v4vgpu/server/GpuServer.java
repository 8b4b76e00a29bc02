package org.v4vgpu.server;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.nvrtc.CompilerChoice;
import org.v4vgpu.proto.ServerStatusReply;
import org.v4vgpu.server.session.SessionLimits;
import org.v4vgpu.server.session.Sessions;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.MessageChannels;
import org.v4vgpu.v4v.MessageListener;

/**
 * A running server: listens on addresses, serves every connection on a thread of its own. Safe for any thread.
 *
 * <p>Owns its listeners and sessions, not the devices. Its threads are daemons.
 *
 * {@snippet :
 *   try (Device device = new SoftwareDevice(SoftwareDeviceOptions.defaults());
 *           GpuServer server = GpuServer.start(
 *                   List.of(device), List.of(ChannelAddress.parse("v4v://1:4840")), SessionLimits.DEFAULT)) {
 *       System.out.println(server.addresses());
 *       new CountDownLatch(1).await();
 *   }
 * }
 */
public final class GpuServer implements AutoCloseable {
    private static final Logger LOG = System.getLogger(GpuServer.class.getName());
    private static final String NAME = "v4vgpu";

    /** Connections at a time, over all sessions: each has a thread. */
    private static final int MAXIMUM_CONNECTIONS = 1024;

    // Between attempts to accept that fail.
    private static final long SHORTEST_PAUSE_MILLIS = 100;
    private static final long LONGEST_PAUSE_MILLIS = 5_000;

    private static final long CLOSE_NANOS = 2_000_000_000L;

    private final long startNanos = System.nanoTime();
    private final List<MessageListener> listeners = new ArrayList<>();
    private final List<ChannelAddress> addresses = new ArrayList<>();
    private final Semaphore connections = new Semaphore(MAXIMUM_CONNECTIONS);
    private final AtomicInteger accepted = new AtomicInteger();
    private final Sessions sessions;
    private volatile boolean closed;

    private GpuServer(List<Device> devices, SessionLimits limits, CompilerChoice compiler) {
        this.sessions = new Sessions(devices, limits, compiler, this::status);
    }

    /**
     * Listens and begins to serve.
     *
     * @param devices what clients see, in this order; they outlive the server
     * @throws IOException if one of the addresses can't be had; then the server listens on none
     */
    public static GpuServer start(List<Device> devices, List<ChannelAddress> addresses, SessionLimits limits)
            throws IOException {
        return start(devices, addresses, limits, CompilerChoice.AUTO);
    }

    /** As the other one, and says what compiles the clients' programs. */
    public static GpuServer start(
            List<Device> devices, List<ChannelAddress> addresses, SessionLimits limits, CompilerChoice compiler)
            throws IOException {
        GpuServer server = new GpuServer(devices, limits, compiler);
        try {
            for (ChannelAddress address : addresses) {
                MessageListener listener = MessageChannels.listen(address);
                server.listeners.add(listener);
                server.addresses.add(listener.address());
            }
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
        for (MessageListener listener : server.listeners) {
            daemon("accept-" + listener.address(), () -> server.accept(listener));
        }
        return server;
    }

    /** The addresses as bound: a port of 0 has become the real one. */
    public List<ChannelAddress> addresses() {
        return List.copyOf(addresses);
    }

    /** Stops listening, ends every session and waits shortly for the connections to end. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        listeners.forEach(MessageListener::close);
        sessions.close();
        try {
            if (connections.tryAcquire(MAXIMUM_CONNECTIONS, CLOSE_NANOS, TimeUnit.NANOSECONDS)) {
                connections.release(MAXIMUM_CONNECTIONS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void accept(MessageListener listener) {
        long pauseMillis = SHORTEST_PAUSE_MILLIS;
        while (!closed) {
            try {
                admit(listener.accept());
                pauseMillis = SHORTEST_PAUSE_MILLIS;
            } catch (IOException | RuntimeException e) { // a server that lives on must not be deaf
                if (closed) {
                    return;
                }
                LOG.log(Level.ERROR, "can't accept on " + listener.address() + ", trying again", e);
                try {
                    Thread.sleep(pauseMillis);
                } catch (InterruptedException interrupted) {
                    return;
                }
                pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
            }
        }
    }

    private void admit(MessageChannel channel) {
        if (!connections.tryAcquire()) {
            LOG.log(
                    Level.WARNING,
                    "{0} turned away: {1} connections are the maximum",
                    channel.peer(),
                    Integer.toString(MAXIMUM_CONNECTIONS));
            channel.close();
            return;
        }
        try {
            daemon("connection-" + accepted.incrementAndGet(), () -> {
                try {
                    sessions.serve(channel);
                } finally {
                    connections.release();
                }
            });
        } catch (OutOfMemoryError e) { // no further thread; the listener must live on
            LOG.log(Level.ERROR, "{0} turned away: {1}", channel.peer(), e.getMessage());
            connections.release();
            channel.close();
        }
    }

    private ServerStatusReply.Builder status() {
        ServerStatusReply.Builder status = ServerStatusReply.newBuilder()
                .setServer(version())
                .setUptimeMillis((System.nanoTime() - startNanos) / 1_000_000);
        addresses.forEach(address -> status.addAddresses(address.toString()));
        return status;
    }

    /** With its version where it runs from a jar. */
    private static String version() {
        String version = GpuServer.class.getPackage().getImplementationVersion();
        return version == null ? NAME : NAME + " " + version;
    }

    private static void daemon(String name, Runnable body) {
        Thread.ofPlatform().daemon().name(name).start(body);
    }
}
