package org.v4vgpu.bench.link;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Two network namespaces, joined by a bridge in a third: what stands in for two virtual machines whose network drivers are joined in
 * a driver domain. Needs root and the {@code ip} command. One thread makes and closes it; {@link #near} is safe for any platform
 * thread.
 *
 * <pre>
 *   near namespace            middle namespace            far namespace
 *   198.18.0.1  --- veth ---  bridge  --- veth ---  198.18.0.2
 * </pre>
 *
 * <p>Offloads and the MTU of 1500 are as the kernel sets them for veth. The addresses are those that RFC 2544 keeps for benchmarks; they
 * exist only inside the namespaces. Nothing outside the three is changed.
 */
public final class NetworkBridge implements AutoCloseable {
    private static final String PREFIX = "v4vgpu-bench-";
    private static final Path NAMESPACES = Path.of("/run/netns");
    private static final String NEAR_ADDRESS = "198.18.0.1";
    private static final String FAR_ADDRESS = "198.18.0.2";
    private static final int CLONE_NEWNET = 0x40000000;
    private static final int O_RDONLY_CLOEXEC = 0x80000;
    private static final long COMMAND_SECONDS = 20;

    private static final MethodHandle OPEN = function(
            "open",
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle SETNS =
            function("setns", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle CLOSE =
            function("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private final String near;
    private final String middle;
    private final String far;

    private NetworkBridge(long process) {
        near = PREFIX + process + "-near";
        middle = PREFIX + process + "-middle";
        far = PREFIX + process + "-far";
    }

    /**
     * Makes the three namespaces, and removes those that killed runs have left.
     *
     * @throws IOException with one line that says what it needs or what failed
     */
    public static NetworkBridge open() throws IOException {
        if (!"root".equals(System.getProperty("user.name"))) {
            throw new IOException("network namespaces need root");
        }
        removeLeftovers();
        NetworkBridge bridge = new NetworkBridge(ProcessHandle.current().pid());
        try {
            bridge.build();
            return bridge;
        } catch (IOException e) {
            bridge.close();
            throw e;
        }
    }

    private void build() throws IOException {
        for (String namespace : List.of(near, middle, far)) {
            ip("netns", "add", namespace);
            ip("-n", namespace, "link", "set", "lo", "up");
        }
        ip("-n", middle, "link", "add", "bridge0", "type", "bridge");
        ip("-n", middle, "link", "set", "bridge0", "up");
        join(near, NEAR_ADDRESS, "near0");
        join(far, FAR_ADDRESS, "far0");
    }

    private void join(String namespace, String address, String port) throws IOException {
        ip("-n", namespace, "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", middle);
        ip("-n", middle, "link", "set", port, "master", "bridge0");
        ip("-n", middle, "link", "set", port, "up");
        ip("-n", namespace, "addr", "add", address + "/30", "dev", "eth0");
        ip("-n", namespace, "link", "set", "eth0", "up");
    }

    /** What to put before a command that is to run on the far side. */
    public List<String> far() {
        return List.of("ip", "netns", "exec", far);
    }

    /** Where a program on the far side listens. */
    public String farAddress() {
        return FAR_ADDRESS;
    }

    /** What connects. */
    public interface Connection<T> {
        T open() throws IOException;
    }

    /** Opens a connection from the near side: the calling platform thread is there meanwhile; its sockets stay there. */
    public <T> T near(Connection<T> connection) throws IOException {
        int home = open("/proc/thread-self/ns/net");
        try {
            enter(NAMESPACES.resolve(near).toString());
            try {
                return connection.open();
            } finally {
                setns(home);
            }
        } finally {
            close(home);
        }
    }

    private static void enter(String file) throws IOException {
        int namespace = open(file);
        try {
            setns(namespace);
        } finally {
            close(namespace);
        }
    }

    /** Removes the namespaces, and with them all that is in them. Idempotent. */
    @Override
    public void close() {
        for (String namespace : List.of(near, far, middle)) {
            remove(namespace);
        }
    }

    private static void remove(String namespace) {
        if (Files.exists(NAMESPACES.resolve(namespace))) {
            try {
                ip("netns", "del", namespace);
            } catch (IOException e) {
                System.getLogger(NetworkBridge.class.getName())
                        .log(System.Logger.Level.WARNING, "can't remove the network namespace {0}: {1}", namespace, e);
            }
        }
    }

    private static void removeLeftovers() throws IOException {
        if (!Files.isDirectory(NAMESPACES)) {
            return;
        }
        List<String> names;
        try (Stream<Path> files = Files.list(NAMESPACES)) {
            names = files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> name.startsWith(PREFIX))
                    .toList();
        }
        for (String name : names) {
            String process = name.substring(PREFIX.length(), name.lastIndexOf('-'));
            if (!Files.exists(Path.of("/proc", process))) {
                remove(name);
            }
        }
    }

    private static void ip(String... arguments) throws IOException {
        List<String> command =
                Stream.concat(Stream.of("ip"), Stream.of(arguments)).toList();
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        try {
            if (!process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException(String.join(" ", command) + " hangs");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted in " + String.join(" ", command), e);
        }
        if (process.exitValue() != 0) {
            throw new IOException(String.join(" ", command) + " failed: " + output);
        }
    }

    private static int open(String file) throws IOException {
        int descriptor;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(file);
            descriptor = (int) OPEN.invokeExact(path, O_RDONLY_CLOEXEC);
        } catch (Throwable e) {
            throw new IllegalStateException("open", e);
        }
        if (descriptor < 0) {
            throw new IOException("can't open " + file);
        }
        return descriptor;
    }

    private static void setns(int descriptor) throws IOException {
        int result;
        try {
            result = (int) SETNS.invokeExact(descriptor, CLONE_NEWNET);
        } catch (Throwable e) {
            throw new IllegalStateException("setns", e);
        }
        if (result != 0) {
            throw new IOException("setns failed: this process may not change its network namespace");
        }
    }

    private static void close(int descriptor) {
        try {
            int _ = (int) CLOSE.invokeExact(descriptor);
        } catch (Throwable e) {
            throw new IllegalStateException("close", e);
        }
    }

    /**
     * {@snippet lang=c :
     *   int open(const char *path, int flags, ...);
     *   int setns(int fd, int kind);
     *   int close(int fd);
     * }
     */
    private static MethodHandle function(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor, options);
    }
}
