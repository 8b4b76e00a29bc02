package org.v4vgpu.v4v.netty;

import java.io.IOException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.v4vgpu.v4v.connection.V4vConnection;
import org.v4vgpu.v4v.connection.V4vListener;

/**
 * Accepts connections on a thread of its own, for an accept waits: one whenever the event loop wants one. Safe for any thread.
 */
final class Acceptor {
    private final V4vListener listener;
    private final Consumer<V4vConnection> accepted;
    private final Consumer<IOException> failed;
    private final Semaphore wanted = new Semaphore(0);
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * Both consumers are called on the acceptor's thread.
     *
     * @param listener becomes the acceptor's
     * @param accepted takes a connection over; nothing further is accepted until {@link #want}
     * @param failed called once, if the listener fails while it is not closed
     */
    Acceptor(V4vListener listener, Consumer<V4vConnection> accepted, Consumer<IOException> failed) {
        this.listener = listener;
        this.accepted = accepted;
        this.failed = failed;
    }

    void start() {
        Thread.ofPlatform().daemon().name("v4v-accept " + listener.address()).start(this::run);
    }

    /** Asks for one connection more. */
    void want() {
        wanted.release();
    }

    private void run() {
        try {
            while (true) {
                wanted.acquireUninterruptibly();
                if (closed.get()) {
                    return;
                }
                accepted.accept(listener.acceptConnection());
            }
        } catch (IOException e) {
            end(e);
        } catch (IllegalStateException e) { // the domain has been left, and its memory is gone
            end(new IOException("no longer listening on " + listener.address(), e));
        }
    }

    private void end(IOException cause) {
        if (!closed.get()) {
            failed.accept(cause);
        }
    }

    /** Stops listening. May wait for an accept that is under way. Idempotent. */
    void close() {
        if (closed.compareAndSet(false, true)) {
            wanted.release();
            listener.close();
        }
    }
}
