package org.v4vgpu.v4v.netty;

import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
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

    /** What is told of the end, on the loop: exactly one of both. */
    interface Outcome {
        void connected(V4vConnection connection);

        void failed(Throwable cause);
    }

    ConnectAttempt(V4vAddress remote, @Nullable V4vAddress local, ChannelPromise promise) {
        this.remote = remote;
        this.local = local;
        this.promise = promise;
    }

    V4vAddress remote() {
        return remote;
    }

    ChannelPromise promise() {
        return promise;
    }

    /** The loop's timer, to be cancelled with {@link #end}. */
    void deadline(Future<?> timer) {
        deadline = timer;
    }

    void start(EventLoop loop, V4vChannelConfig config, Outcome outcome) {
        long timeoutNanos = config.getConnectTimeoutMillis() > 0
                ? config.getConnectTimeoutMillis() * 1_000_000L + GRACE_NANOS
                : Long.MAX_VALUE;
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
