package org.v4vgpu.v4v;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.v4vgpu.v4v.shm.Fabric;
import org.v4vgpu.v4v.shm.SharedMemoryHypervisor;
import org.v4vgpu.v4v.socket.V4vServerSocket;
import org.v4vgpu.v4v.socket.V4vSocketAddress;
import org.v4vgpu.v4v.socket.V4vSocketFactory;
import org.v4vgpu.v4v.xen.ArgoHypervisor;

/**
 * Domains in a JVM of their own, which do over a pipe what they are told: the sending half of the hypervisor's contract across
 * processes. One call at a time.
 */
final class DomainProcess implements AutoCloseable {
    private static final int CONNECT_MILLIS = 30_000;

    private enum Verb {
        OPEN,
        CLOSE,
        SENDV,
        NOTIFY,
        AWAIT_SPACE,
        ATTACH,
        RING_CLAIM,
        RING_PUT,
        RING_PUT_INT,
        RING_COMMIT,
        RING_AWAIT_SPACE,
        RING_IS_PARTNER_ALIVE,
        RING_CLOSE
    }

    /** Writes a call's arguments, or reads its result. */
    private interface Writing {
        void to(DataOutputStream out) throws IOException;
    }

    private interface Reading<T> {
        T from(DataInputStream in) throws IOException;
    }

    /** The fabric of who is a domain of Xen. */
    static final Path XEN = Path.of("xen");

    private final AutoCloseable process;
    private final DataOutputStream out;
    private final DataInputStream in;

    /** One that {@code DomainProcess serve ADDRESS} waits for in another domain of Xen. */
    DomainProcess(V4vAddress address) throws IOException {
        Socket socket = new V4vSocketFactory().createSocket();
        process = socket;
        socket.connect(new V4vSocketAddress(address), CONNECT_MILLIS);
        out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    }

    DomainProcess() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                DomainProcess.class.getName());
        Process started = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        process = () -> {
            started.destroyForcibly();
            started.onExit().orTimeout(10, TimeUnit.SECONDS).join();
        };
        out = new DataOutputStream(started.getOutputStream());
        in = new DataInputStream(started.getInputStream());
    }

    /** Becomes a domain over there. Of the hypervisor only what a sender needs can be called. */
    V4vHypervisor open(Path fabric, int domain) throws IOException {
        int handle = call(
                Verb.OPEN,
                0,
                to -> {
                    to.writeUTF(fabric.toString());
                    to.writeInt(domain);
                },
                DataInputStream::readInt);
        return new RemoteDomain(handle, domain);
    }

    private synchronized <T> T call(Verb verb, int handle, Writing arguments, Reading<T> result) throws IOException {
        out.writeUTF(verb.name());
        out.writeInt(handle);
        arguments.to(out);
        out.flush();
        String error = in.readUTF();
        if (error.isEmpty()) {
            return result.from(in);
        }
        String message = in.readUTF();
        if (error.equals("IOException")) {
            throw new IOException(message);
        }
        throw new ArgoException(ArgoError.valueOf(error), message);
    }

    private static Object nothing(DataInputStream in) {
        return in;
    }

    @Override
    public void close() {
        try {
            process.close();
        } catch (Exception e) {
            throw new AssertionError("the other process does not end", e);
        }
    }

    private static void write(DataOutputStream to, byte[] bytes) throws IOException {
        to.writeInt(bytes.length);
        to.write(bytes);
    }

    private static MemorySegment read(DataInputStream from) throws IOException {
        return MemorySegment.ofArray(from.readNBytes(from.readInt()));
    }

    private static void write(DataOutputStream to, V4vAddress address) throws IOException {
        to.writeInt(address.domain());
        to.writeLong(address.port());
    }

    private static V4vAddress readAddress(DataInputStream from) throws IOException {
        return new V4vAddress(from.readInt(), from.readLong());
    }

    private final class RemoteDomain implements V4vHypervisor {
        private final int handle;
        private final int domain;

        RemoteDomain(int handle, int domain) {
            this.handle = handle;
            this.domain = domain;
        }

        @Override
        public int domain() {
            return domain;
        }

        @Override
        public String place() {
            return "another process";
        }

        @Override
        public ReceiveRing register(long port, int partner, int lengthBytes) {
            throw new UnsupportedOperationException("the other process only sends");
        }

        @Override
        public SendRing attach(long sourcePort, V4vAddress destination) throws ArgoException {
            int ring = argo(() -> call(
                    Verb.ATTACH,
                    handle,
                    to -> {
                        to.writeLong(sourcePort);
                        write(to, destination);
                    },
                    DataInputStream::readInt));
            return new RemoteRing(ring, destination);
        }

        @Override
        public int sendv(V4vAddress source, V4vAddress destination, int messageType, List<MemorySegment> parts)
                throws ArgoException {
            return argo(() -> call(
                    Verb.SENDV,
                    handle,
                    to -> {
                        write(to, source);
                        write(to, destination);
                        to.writeInt(messageType);
                        to.writeInt(parts.size());
                        for (MemorySegment part : parts) {
                            write(to, part.toArray(ValueLayout.JAVA_BYTE));
                        }
                    },
                    DataInputStream::readInt));
        }

        @Override
        public RingStatus notify(V4vAddress destination, int spaceRequired) throws ArgoException {
            return argo(() -> call(
                    Verb.NOTIFY,
                    handle,
                    to -> {
                        write(to, destination);
                        to.writeInt(spaceRequired);
                    },
                    from -> new RingStatus(
                            from.readBoolean(),
                            from.readBoolean(),
                            from.readBoolean(),
                            from.readBoolean(),
                            from.readBoolean(),
                            from.readBoolean(),
                            from.readInt())));
        }

        @Override
        public boolean awaitSpace(V4vAddress destination, int spaceRequired, long timeoutNanos) throws ArgoException {
            return argo(() -> call(
                    Verb.AWAIT_SPACE,
                    handle,
                    to -> {
                        write(to, destination);
                        to.writeInt(spaceRequired);
                        to.writeLong(timeoutNanos);
                    },
                    DataInputStream::readBoolean));
        }

        @Override
        public void close() {
            try {
                call(Verb.CLOSE, handle, to -> {}, DomainProcess::nothing);
            } catch (IOException e) {
                throw new AssertionError("the other process has ended", e);
            }
        }
    }

    /** A call of a method that declares Argo's errors alone: an ended process is a failed test. */
    private static <T> T argo(java.util.concurrent.Callable<T> call) throws ArgoException {
        try {
            return call.call();
        } catch (ArgoException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError("the other process failed", e);
        }
    }

    private final class RemoteRing implements SendRing {
        private final int handle;
        private final V4vAddress address;

        RemoteRing(int handle, V4vAddress address) {
            this.handle = handle;
            this.address = address;
        }

        @Override
        public V4vAddress address() {
            return address;
        }

        @Override
        public int lengthBytes() {
            throw new UnsupportedOperationException("not over the pipe");
        }

        @Override
        public boolean claim(int messageBytes) throws IOException {
            return call(Verb.RING_CLAIM, handle, to -> to.writeInt(messageBytes), DataInputStream::readBoolean);
        }

        @Override
        public void put(int at, MemorySegment source, long offset, long bytes) {
            tell(Verb.RING_PUT, to -> {
                to.writeInt(at);
                write(to, source.asSlice(offset, bytes).toArray(ValueLayout.JAVA_BYTE));
            });
        }

        @Override
        public void putInt(int at, int value) {
            tell(Verb.RING_PUT_INT, to -> {
                to.writeInt(at);
                to.writeInt(value);
            });
        }

        @Override
        public Payload claimed(int from, int bytes) {
            throw new UnsupportedOperationException("memory does not go over the pipe");
        }

        @Override
        public void commit(int messageType) {
            tell(Verb.RING_COMMIT, to -> to.writeInt(messageType));
        }

        private void tell(Verb verb, Writing arguments) {
            try {
                call(verb, handle, arguments, DomainProcess::nothing);
            } catch (IOException e) {
                throw new AssertionError("the other process failed", e);
            }
        }

        @Override
        public boolean hold() {
            throw new UnsupportedOperationException("not over the pipe");
        }

        @Override
        public void letGo() {
            throw new UnsupportedOperationException("not over the pipe");
        }

        @Override
        public boolean awaitSpace(int messageBytes, long timeoutNanos) throws IOException {
            return call(
                    Verb.RING_AWAIT_SPACE,
                    handle,
                    to -> {
                        to.writeInt(messageBytes);
                        to.writeLong(timeoutNanos);
                    },
                    DataInputStream::readBoolean);
        }

        @Override
        public void wake() {
            throw new UnsupportedOperationException("not over the pipe");
        }

        @Override
        public boolean isPartnerAlive() {
            try {
                return call(Verb.RING_IS_PARTNER_ALIVE, handle, to -> {}, DataInputStream::readBoolean);
            } catch (IOException e) {
                throw new AssertionError("the other process failed", e);
            }
        }

        @Override
        public void close() {
            tell(Verb.RING_CLOSE, to -> {});
        }
    }

    /** The other process: obeys what comes over the pipe, or over one connection after the other. Without end. */
    @SuppressWarnings("SystemOut") // it is the pipe
    public static void main(String[] arguments) throws IOException {
        if (arguments.length == 0) {
            obey(System.in, System.out);
            return;
        }
        try (ServerSocket listener = new V4vServerSocket()) {
            listener.bind(new V4vSocketAddress((V4vAddress) ChannelAddress.parse(arguments[1])));
            System.out.println("listening on " + arguments[1]);
            while (true) {
                try (Socket socket = listener.accept()) {
                    obey(
                            new BufferedInputStream(socket.getInputStream()),
                            new BufferedOutputStream(socket.getOutputStream()));
                } catch (EOFException e) {
                    System.out.println("obeyed");
                }
            }
        }
    }

    private static void obey(InputStream in, OutputStream out) throws IOException {
        DataInputStream calls = new DataInputStream(in);
        DataOutputStream results = new DataOutputStream(out);
        Obedience obedience = new Obedience();
        while (true) {
            Verb verb = Verb.valueOf(calls.readUTF());
            try {
                Writing result = obedience.obey(verb, calls.readInt(), calls);
                results.writeUTF("");
                result.to(results);
            } catch (ArgoException e) {
                results.writeUTF(e.error().name());
                results.writeUTF(String.valueOf(e.getMessage()));
            } catch (IOException e) {
                results.writeUTF("IOException");
                results.writeUTF(String.valueOf(e.getMessage()));
            }
            results.flush();
        }
    }

    /** What the other process holds. */
    private static final class Obedience {
        private final Map<Integer, V4vHypervisor> domains = new HashMap<>();
        private final Map<Integer, SendRing> rings = new HashMap<>();
        private int next = 1;

        private Writing obey(Verb verb, int handle, DataInputStream from) throws IOException {
            return switch (verb) {
                case OPEN -> {
                    Path fabric = Path.of(from.readUTF());
                    int domain = from.readInt();
                    domains.put(
                            next,
                            fabric.equals(XEN)
                                    ? ArgoHypervisor.open()
                                    : SharedMemoryHypervisor.open(Fabric.of(fabric), domain));
                    int opened = next++;
                    yield to -> to.writeInt(opened);
                }
                case CLOSE -> {
                    domain(handle).close();
                    yield to -> {};
                }
                case SENDV -> {
                    V4vAddress source = readAddress(from);
                    V4vAddress destination = readAddress(from);
                    int type = from.readInt();
                    List<MemorySegment> parts = new ArrayList<>();
                    for (int left = from.readInt(); left > 0; left--) {
                        parts.add(read(from));
                    }
                    int sent = domain(handle).sendv(source, destination, type, parts);
                    yield to -> to.writeInt(sent);
                }
                case NOTIFY -> {
                    V4vHypervisor.RingStatus status = domain(handle).notify(readAddress(from), from.readInt());
                    yield to -> {
                        to.writeBoolean(status.exists());
                        to.writeBoolean(status.shared());
                        to.writeBoolean(status.empty());
                        to.writeBoolean(status.sufficient());
                        to.writeBoolean(status.tooLarge());
                        to.writeBoolean(status.busy());
                        to.writeInt(status.maximumMessageBytes());
                    };
                }
                case AWAIT_SPACE ->
                    answer(domain(handle).awaitSpace(readAddress(from), from.readInt(), from.readLong()));
                case ATTACH -> {
                    rings.put(next, domain(handle).attach(from.readLong(), readAddress(from)));
                    int attached = next++;
                    yield to -> to.writeInt(attached);
                }
                case RING_CLAIM -> answer(ring(handle).claim(from.readInt()));
                case RING_PUT -> {
                    int at = from.readInt();
                    MemorySegment bytes = read(from);
                    ring(handle).put(at, bytes, 0, bytes.byteSize());
                    yield to -> {};
                }
                case RING_PUT_INT -> {
                    ring(handle).putInt(from.readInt(), from.readInt());
                    yield to -> {};
                }
                case RING_COMMIT -> {
                    ring(handle).commit(from.readInt());
                    yield to -> {};
                }
                case RING_AWAIT_SPACE -> answer(ring(handle).awaitSpace(from.readInt(), from.readLong()));
                case RING_IS_PARTNER_ALIVE -> answer(ring(handle).isPartnerAlive());
                case RING_CLOSE -> {
                    ring(handle).close();
                    yield to -> {};
                }
            };
        }

        private static Writing answer(boolean value) {
            return to -> to.writeBoolean(value);
        }

        private V4vHypervisor domain(int handle) {
            return java.util.Objects.requireNonNull(domains.get(handle));
        }

        private SendRing ring(int handle) {
            return java.util.Objects.requireNonNull(rings.get(handle));
        }
    }
}
