package org.v4vgpu.v4v;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Measures round trips and the streaming of 16 MiB between two processes, from an array on the heap to native memory. No test:
 *
 * <pre>java -cp target/classes:target/test-classes:... org.v4vgpu.v4v.TransportMeasurement v4v://1:4840 tcp://127.0.0.1:4840</pre>
 */
final class TransportMeasurement {
    private static final int BULK_BYTES = 16 << 20;
    private static final int ROUND_TRIPS = 200_000;
    private static final int STREAMS = 100;

    private TransportMeasurement() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("serve")) {
            serve(arguments[1]);
            return;
        }
        for (String address : arguments) {
            Process server = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            System.getProperty("java.class.path"),
                            "-D" + "v4vgpu.ring.bytes=" + System.getProperty("v4vgpu.ring.bytes", "1048576"),
                            "-D" + "v4vgpu.spin.micros=" + System.getProperty("v4vgpu.spin.micros", "50"),
                            TransportMeasurement.class.getName(),
                            "serve",
                            address)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try {
                server.inputReader().readLine();
                measure(address);
            } finally {
                server.destroyForcibly();
                server.waitFor();
            }
        }
    }

    private static void serve(String address) throws IOException {
        try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse(address));
                Arena arena = Arena.ofConfined()) {
            MemorySegment destination = arena.allocate(BULK_BYTES, 4096);
            print("ready");
            try (MessageChannel channel = listener.accept()) {
                while (true) {
                    try (IncomingMessage message = channel.receive()) {
                        long offset = message.header().get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
                        if (offset >= 0) {
                            message.payload().copyTo(destination, offset);
                        }
                        if (offset < 0 || offset + message.payload().byteSize() == BULK_BYTES) {
                            channel.send(message.header());
                        }
                    } catch (EOFException e) {
                        return;
                    }
                }
            }
        }
    }

    private static void measure(String address) throws IOException {
        try (MessageChannel channel = MessageChannels.connect(ChannelAddress.parse(address))) {
            MemorySegment header = MemorySegment.ofArray(new byte[32]);
            long[] nanos = new long[ROUND_TRIPS];
            for (int round = 0; round < 3; round++) {
                header.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, -1);
                for (int i = 0; i < ROUND_TRIPS; i++) {
                    long start = System.nanoTime();
                    channel.send(header);
                    channel.receive().close();
                    nanos[i] = System.nanoTime() - start;
                }
            }
            Arrays.sort(nanos);
            print(address + " round trip: median " + nanos[ROUND_TRIPS / 2] + " ns, 99 % "
                    + nanos[ROUND_TRIPS / 100 * 99] + " ns");
            byte[] array = new byte[BULK_BYTES];
            Arrays.fill(array, (byte) 7);
            MemorySegment heap = MemorySegment.ofArray(array);
            MemorySegment direct = Arena.ofAuto().allocate(BULK_BYTES, 4096);
            for (int chunk = 64 << 10; chunk <= channel.maximumPayloadBytes(); chunk *= 2) {
                print(address + " 16 MiB in " + (chunk >> 10) + " KiB: heap "
                        + stream(channel, header, heap, chunk) + ", native "
                        + stream(channel, header, direct, chunk) + " MB/s");
            }
        }
    }

    private static long stream(MessageChannel channel, MemorySegment header, MemorySegment source, int chunk)
            throws IOException {
        long[] nanos = new long[STREAMS];
        for (int i = 0; i < STREAMS; i++) {
            long start = System.nanoTime();
            for (int at = 0; at < BULK_BYTES; at += chunk) {
                header.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, at);
                channel.send(header, source.asSlice(at, chunk));
            }
            channel.receive().close();
            nanos[i] = System.nanoTime() - start;
        }
        Arrays.sort(nanos);
        return BULK_BYTES * 1000L / nanos[STREAMS / 2];
    }

    @SuppressWarnings("SystemOut") // this is a program
    private static void print(String line) {
        System.out.println(line);
    }
}
