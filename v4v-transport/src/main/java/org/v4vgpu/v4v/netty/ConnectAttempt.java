package org.v4vgpu.v4v.netty;

import io.netty.channel.ChannelPromise;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.connection.V4vConnection;
import org.v4vgpu.v4v.connection.V4vConnections;

/**
 * One attempt of a channel to connect. It asks other domains and waits for their answers, so it has a thread of its own, which ends
 * with the attempt. Confined to the event loop, but for that thread.
 */
final class ConnectAttempt {
    /** The loop's own deadline comes first; the thread must not outlive it by much. */
    private static final long GRACE_NANOS = 1_000_000_000L;

    private final V4vAddress remote;
    private final @Nullable V4vAddress local;
    private final ChannelPromise promise;
    private @Nullable Future<?> deadline;

    private volatile @Nullable ReceiveRing ring;
    private volatile boolean isGivenUp;

    /** What is told of the end, on the loop: the first counts, for a failure by time may be followed by either. */
    interface Outcome {
        void connected(V4vConnection connection);

        void failed(Throwable cause);
    }

    private ConnectAttempt(V4vAddress remote, @Nullable V4vAddress local, ChannelPromise promise) {
        this.remote = remote;
        this.local = local;
        this.promise = promise;
    }

    /**
     * An attempt that does not run yet.
     *
     * @param local chooses the domain; its port must be 0
     * @throws UnsupportedAddressTypeException if either is no address of V4V's
     * @throws UnsupportedOperationException if the local address has a port
     */
    static ConnectAttempt of(SocketAddress remote, @Nullable SocketAddress local, ChannelPromise promise) {
        return new ConnectAttempt(v4v(remote), local == null ? null : own(local), promise);
    }

    private static V4vAddress v4v(SocketAddress address) {
        if (address instanceof V4vAddress ours) {
            return ours;
        }
        throw new UnsupportedAddressTypeException();
    }

    private static V4vAddress own(SocketAddress local) {
        V4vAddress address = v4v(local);
        if (address.port() != 0) {
            throw new UnsupportedOperationException("a V4V connection chooses its own port: " + local + "; use port 0");
        }
        return address;
    }

    ChannelPromise promise() {
        return promise;
    }

    void start(EventLoop loop, V4vChannelConfig config, Outcome outcome) {
        int millis = config.getConnectTimeoutMillis();
        if (millis > 0) {
            deadline = loop.schedule(
                    () -> outcome.failed(
                            new ConnectTimeoutException("connection timed out after " + millis + " ms: " + remote)),
                    millis,
                    TimeUnit.MILLISECONDS);
        }
        long timeoutNanos = millis > 0 ? millis * 1_000_000L + GRACE_NANOS : Long.MAX_VALUE;
        Thread.ofPlatform().daemon().name("v4v-connect " + remote).start(() -> {
            V4vConnection connection = null;
            try {
                connection = connect(config, timeoutNanos);
                V4vConnection connected = connection;
                loop.execute(() -> outcome.connected(connected));
            } catch (RejectedExecutionException e) { // the loop has shut down, and closed the channel
                if (connection != null) {
                    connection.close();
                }
            } catch (IOException | RuntimeException e) {
                fail(loop, outcome, e);
            }
        });
    }

    private V4vConnection connect(V4vChannelConfig config, long timeoutNanos) throws IOException {
        V4vHypervisor hypervisor =
                local == null ? config.options().anyDomain() : config.options().domain(local.domain());
        return V4vConnections.open(
                hypervisor, remote, timeoutNanos, config.options().ringBytes(), this::registered);
    }

    private static void fail(EventLoop loop, Outcome outcome, Exception e) {
        try {
            loop.execute(() -> outcome.failed(e));
        } catch (RejectedExecutionException rejected) {
            return; // the loop has shut down, and closed the channel
        }
    }

    /** On the attempt's thread. */
    private void registered(ReceiveRing own) {
        ring = own;
        if (isGivenUp) {
            own.close();
        }
    }

    /** The outcome is known. */
    void end() {
        if (deadline != null) {
            deadline.cancel(false);
        }
    }

    /** Nobody waits for the outcome any more: the thread ends as soon as it can. */
    void giveUp() {
        end();
        isGivenUp = true;
        ReceiveRing own = ring;
        if (own != null) {
            own.close(); // which ends the wait for an answer
        }
    }
}
