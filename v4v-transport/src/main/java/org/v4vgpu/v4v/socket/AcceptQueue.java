package org.v4vgpu.v4v.socket;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.connection.V4vConnection;
import org.v4vgpu.v4v.connection.V4vListener;

/**
 * Connections that were answered and wait to be accepted. Safe for any thread.
 *
 * <p>A thread of its own answers connectors, as a kernel does for TCP: so a program may connect before anybody accepts. While the
 * backlog is full it answers nobody; connectors then wait in the listening ring.
 */
final class AcceptQueue {
    private static final Logger LOG = System.getLogger(AcceptQueue.class.getName());

    private final V4vListener listener;
    private final int backlog;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Guarded by the lock.
    private final ArrayDeque<V4vConnection> waiting = new ArrayDeque<>();
    private boolean closed;
    private @Nullable String failure;

    /** Takes ownership of the listener. */
    static AcceptQueue start(V4vListener listener, int backlog) {
        AcceptQueue queue = new AcceptQueue(listener, backlog);
        Thread.ofPlatform().daemon().name("v4v-accept-" + listener.address()).start(queue::answer);
        return queue;
    }

    private AcceptQueue(V4vListener listener, int backlog) {
        this.listener = listener;
        this.backlog = backlog;
    }

    private void answer() {
        try {
            while (awaitRoom()) {
                add(listener.acceptConnection());
            }
        } catch (IOException | IllegalStateException e) {
            fail(e);
        }
    }

    private boolean awaitRoom() {
        lock.lock();
        try {
            while (!closed && waiting.size() >= backlog) {
                changed.awaitUninterruptibly();
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    private void add(V4vConnection connection) {
        lock.lock();
        try {
            if (!closed) {
                waiting.add(connection);
                changed.signalAll();
                return;
            }
        } finally {
            lock.unlock();
        }
        reset(connection);
    }

    private void fail(Exception e) {
        lock.lock();
        try {
            failure = String.valueOf(e.getMessage());
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes the connection that has waited longest.
     *
     * @param timeoutMillis 0 for ever
     * @throws SocketTimeoutException after the time
     * @throws SocketException if the listener is closed or its domain left
     */
    V4vConnection take(int timeoutMillis) throws IOException {
        long nanos = timeoutMillis == 0 ? Long.MAX_VALUE : TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        boolean interrupted = false;
        lock.lock();
        try {
            while (true) {
                if (closed) {
                    throw new SocketException("Socket closed");
                }
                V4vConnection first = waiting.poll();
                if (first != null) {
                    changed.signalAll();
                    return first;
                }
                if (failure != null) {
                    throw new SocketException("Socket closed: " + failure);
                }
                if (nanos <= 0) {
                    throw new SocketTimeoutException("Accept timed out: nobody connected to " + listener.address()
                            + " in " + timeoutMillis + " ms");
                }
                try {
                    nanos = changed.awaitNanos(nanos);
                } catch (InterruptedException e) {
                    interrupted = true; // ends no wait and stays pending, as with java.net on a platform thread
                }
            }
        } finally {
            lock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Stops listening. Threads that wait leave with an exception; connections that nobody accepted are reset. Idempotent. */
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            listener.close();
        } catch (IllegalStateException e) {
            LOG.log(Level.DEBUG, "{0} went with its domain: {1}", listener.address(), e.getMessage());
        }
        lock.lock();
        try {
            waiting.forEach(AcceptQueue::reset);
            waiting.clear();
        } finally {
            lock.unlock();
        }
    }

    private static void reset(V4vConnection connection) {
        new V4vStream(connection).reset();
    }
}
