package org.v4vgpu.v4v.socket;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Proxy;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.rmi.ConnectException;
import java.rmi.RemoteException;
import java.rmi.registry.LocateRegistry;
import java.rmi.registry.Registry;
import java.rmi.server.UnicastRemoteObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.LocalDomains;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;

/** Libraries that know nothing but sockets, between two processes: Java RMI, and OkHttp with its web server. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // an interrupt ends no wait
class ThirdPartyTest {
    @TempDir
    Path fabric;

    @BeforeEach
    void open() throws IOException {
        LocalDomains.closeAll();
        LocalDomains.takeOwnership(SharedMemoryHypervisor.open(Fabric.of(fabric), 5));
    }

    @AfterEach
    void close() {
        LocalDomains.closeAll();
    }

    @Test
    void remoteObjectsCallEachOtherByRmi() throws Exception {
        List<String> heard = new ArrayList<>();
        Hearer hearer = heard::add;
        try (SocketPeer server = SocketPeer.start("rmi", fabric)) {
            assertEquals("ready", server.readLine());
            Registry registry = LocateRegistry.getRegistry("1", SocketPeer.REGISTRY_PORT, new V4vSocketFactory());
            Greeter greeter = (Greeter) registry.lookup("greeter");
            assertTrue(greeter.toString().contains("V4vSocketFactory to domain 1"), greeter.toString());
            Hearer stub = (Hearer) UnicastRemoteObject.exportObject(
                    hearer, 0, V4vSocketFactory.toDomain(5), new V4vServerSocketFactory(5));
            try {
                assertEquals("hello you", greeter.greet("you", stub));
                assertEquals(List.of("you 1", "you 2", "you 3"), heard);
                byte[] bytes = new byte[2_000_000];
                new Random(1).nextBytes(bytes);
                assertArrayEquals(bytes, greeter.echo(bytes));
                assertEquals(
                        "as asked",
                        assertThrows(IllegalArgumentException.class, greeter::fail)
                                .getMessage());
                assertManyCallersAtOnce(greeter);
                server.killAndWait();
                assertThrows(RemoteException.class, () -> greeter.echo(new byte[1]));
                assertThrows(ConnectException.class, () -> registry.lookup("greeter"));
            } finally {
                UnicastRemoteObject.unexportObject(hearer, true);
            }
        }
    }

    private static void assertManyCallersAtOnce(Greeter greeter) throws Exception {
        try (ExecutorService callers = Executors.newFixedThreadPool(4)) {
            List<Future<byte[]>> echoes = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                byte[] bytes = {(byte) i, 1};
                echoes.add(callers.submit(() -> greeter.echo(bytes)));
            }
            for (int i = 0; i < 100; i++) {
                assertArrayEquals(new byte[] {(byte) i, 1}, echoes.get(i).get(10, SECONDS));
            }
        }
    }

    @Test
    void okHttpTalksToItsWebServer() throws Exception {
        OkHttpClient client = new OkHttpClient.Builder()
                .socketFactory(new V4vSocketFactory())
                .proxy(Proxy.NO_PROXY)
                .retryOnConnectionFailure(false)
                .build();
        try (SocketPeer server = SocketPeer.start("http", fabric)) {
            assertEquals("ready", server.readLine());
            for (int i = 0; i < 5; i++) {
                try (Response response = get(client, "/hello")) {
                    assertEquals(200, response.code());
                    assertEquals("hello over V4V", response.body().string());
                }
            }
            assertEquals(1, client.connectionPool().connectionCount(), "one connection, used again");
            try (Response response = get(client, "/nothing")) {
                assertEquals(404, response.code());
            }
            try (Response response = get(client, "/large")) {
                assertEquals(SocketPeer.LARGE_BYTES, response.body().bytes().length);
            }
            byte[] sent = new byte[500_000];
            new Random(2).nextBytes(sent);
            RequestBody body = RequestBody.create(sent, MediaType.get("application/octet-stream"));
            Request post = new Request.Builder().url(url("/echo")).post(body).build();
            try (Response response = client.newCall(post).execute()) {
                assertArrayEquals(sent, response.body().bytes());
            }
        } finally {
            client.connectionPool().evictAll();
            client.dispatcher().executorService().shutdown();
        }
        assertThrows(IOException.class, () -> get(client, "/hello").close());
    }

    @Test
    void okHttpTimesOutWhenItsServerSaysNothing() throws Exception {
        OkHttpClient client = new OkHttpClient.Builder()
                .socketFactory(new V4vSocketFactory())
                .proxy(Proxy.NO_PROXY)
                .retryOnConnectionFailure(false)
                .readTimeout(Duration.ofMillis(200))
                .build();
        LocalDomains.takeOwnership(SharedMemoryHypervisor.open(Fabric.of(fabric), 1));
        try (V4vServerSocket silent = new V4vServerSocket()) {
            silent.bind(new V4vAddress(1, SocketPeer.HTTP_PORT));
            assertThrows(
                    SocketTimeoutException.class, () -> get(client, "/hello").close());
        } finally {
            client.dispatcher().executorService().shutdown();
        }
    }

    private static String url(String path) {
        return "http://1:" + SocketPeer.HTTP_PORT + path;
    }

    private static Response get(OkHttpClient client, String path) throws IOException {
        return client.newCall(new Request.Builder().url(url(path)).build()).execute();
    }
}
