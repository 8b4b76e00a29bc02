package org.v4vgpu.v4v.socket;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import javax.net.ServerSocketFactory;
import javax.net.SocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** Two sockets that are connected, and their listener. Contracts build on it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // an interrupt ends no wait
abstract class SocketPair {
    protected final ExecutorService executor = Executors.newCachedThreadPool();
    protected ServerSocketFactory serverFactory;
    protected SocketFactory clientFactory;
    protected ServerSocket listener;
    protected Socket client;
    protected Socket server;

    protected abstract ServerSocketFactory openServerFactory() throws IOException;

    protected abstract SocketFactory openClientFactory() throws IOException;

    /** How a client names the server's host. */
    protected abstract String host();

    /** Bytes for each direction of the large transfer. */
    protected long largeTransferBytes() {
        return 64L << 20;
    }

    /** Sets a new socket up before it is connected. */
    protected void prepare(Socket socket) throws SocketException {}

    /** Sets a new listener up before it is bound. */
    protected void prepare(ServerSocket socket) throws SocketException {}

    @BeforeEach
    void open() throws Exception {
        serverFactory = openServerFactory();
        clientFactory = openClientFactory();
        listener = listen(0);
        client = connect();
        server = listener.accept();
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        server.close();
        listener.close();
        executor.shutdownNow();
        assertTrue(executor.awaitTermination(10, SECONDS), "a thread still waits on a closed socket");
    }

    ServerSocket listen(int port) throws IOException {
        ServerSocket socket = serverFactory.createServerSocket();
        prepare(socket);
        socket.bind(new InetSocketAddress(port));
        return socket;
    }

    protected SocketAddress target() {
        return new InetSocketAddress(host(), listener.getLocalPort());
    }

    Socket connect() throws IOException {
        Socket socket = clientFactory.createSocket();
        prepare(socket);
        socket.connect(target(), 10_000);
        return socket;
    }

    protected static void assertWaits(Future<?> future) {
        assertThrows(TimeoutException.class, () -> future.get(100, MILLISECONDS));
    }

    /** How soon a waiting thread must be awake; the kernel's own sockets are not on trial. */
    protected long wakeUpMillis() {
        return 500;
    }

    protected <T extends Throwable> T failure(Class<T> kind, Future<?> future) {
        return assertInstanceOf(
                kind,
                assertThrows(ExecutionException.class, () -> future.get(wakeUpMillis(), MILLISECONDS))
                        .getCause());
    }

    protected static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
