package org.v4vgpu.v4v.socket;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.rmi.RemoteException;
import java.rmi.registry.LocateRegistry;
import java.rmi.registry.Registry;
import java.rmi.server.UnicastRemoteObject;
import java.util.concurrent.TimeUnit;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okio.Buffer;
import org.v4vgpu.v4v.V4vAddress;

/** A peer in a JVM of its own. */
final class SocketPeer implements AutoCloseable {
    static final int REGISTRY_PORT = 1099;
    static final int HTTP_PORT = 8080;
    static final int LARGE_BYTES = 3_000_000;

    private final Process process;

    private SocketPeer(Process process) {
        this.process = process;
    }

    /**
     * Starts a peer.
     *
     * @param role {@code sit}: connects to v4v://1:8080, writes a byte and waits; {@code flood}: connects there and writes without end;
     *     {@code rmi}, {@code http}: serves in domain 1, prints a line when ready
     */
    static SocketPeer start(String role, Path fabric) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                SocketPeer.class.getName(),
                role);
        builder.environment().put("V4VGPU_FABRIC", fabric.toString());
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        return new SocketPeer(builder.start());
    }

    String readLine() throws IOException {
        return process.inputReader().readLine();
    }

    /** SIGKILL. Returns when the process was told, not when it is dead. */
    void kill() {
        process.destroyForcibly();
    }

    /** SIGKILL, and waits until it is dead. */
    void killAndWait() {
        kill();
        process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        killAndWait();
    }

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "sit", "flood" -> {
                try (Socket socket = new V4vSocket()) {
                    socket.connect(new V4vAddress(1, 8080), 10_000);
                    socket.getOutputStream().write(1);
                    while (arguments[0].equals("flood")) {
                        socket.getOutputStream().write(new byte[100_000]);
                    }
                    Thread.currentThread().join(); // for ever
                }
            }
            case "rmi" -> serveRmi();
            case "http" -> serveHttp();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    @SuppressWarnings("SystemOut") // it is how the parent learns
    private static void serveRmi() throws IOException, InterruptedException {
        V4vSocketFactory home = V4vSocketFactory.toDomain(1);
        V4vServerSocketFactory listening = new V4vServerSocketFactory(1);
        Registry registry = LocateRegistry.createRegistry(REGISTRY_PORT, home, listening);
        Greeter greeter = new PoliteGreeter();
        registry.rebind("greeter", UnicastRemoteObject.exportObject(greeter, 0, home, listening));
        System.out.println("ready");
        Thread.currentThread().join();
    }

    private static final class PoliteGreeter implements Greeter {
        @Override
        public String greet(String name, Hearer hearer) throws RemoteException {
            for (int i = 1; i <= 3; i++) {
                hearer.hear(name + " " + i);
            }
            return "hello " + name;
        }

        @Override
        public byte[] echo(byte[] bytes) {
            return bytes;
        }

        @Override
        public void fail() {
            throw new IllegalArgumentException("as asked");
        }
    }

    @SuppressWarnings("SystemOut") // it is how the parent learns
    private static void serveHttp() throws IOException, InterruptedException {
        try (MockWebServer server = new MockWebServer()) {
            server.setServerSocketFactory(new V4vServerSocketFactory(1));
            server.setDispatcher(new Pages());
            server.start(InetAddress.ofLiteral("0.0.0.1"), HTTP_PORT);
            System.out.println("ready");
            Thread.currentThread().join();
        }
    }

    private static final class Pages extends Dispatcher {
        @Override
        public MockResponse dispatch(RecordedRequest request) {
            return switch (request.getUrl().encodedPath()) {
                case "/hello" ->
                    new MockResponse.Builder().body("hello over V4V").build();
                case "/echo" ->
                    new MockResponse.Builder()
                            .body(new Buffer().write(request.getBody()))
                            .build();
                case "/large" ->
                    new MockResponse.Builder()
                            .chunkedBody(new Buffer().write(new byte[LARGE_BYTES]), 10_000)
                            .build();
                default -> new MockResponse.Builder().code(404).build();
            };
        }
    }
}
