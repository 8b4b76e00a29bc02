package org.v4vgpu.v4v;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Ping-pong between machines that share nothing but a region, so that neither can start the other's side. No test:
 *
 * <pre>
 *   java -Dv4vgpu.ivshmem=... -cp target/classes:target/test-classes:... org.v4vgpu.v4v.PingPong serve v4v://1:4841
 *   java -Dv4vgpu.ivshmem=... -cp target/classes:target/test-classes:... org.v4vgpu.v4v.PingPong v4v://1:4841 1000
 * </pre>
 */
final class PingPong {
    private static final long PATIENCE_NANOS = 300_000_000_000L;

    private PingPong() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("serve")) {
            serve(ChannelAddress.parse(arguments[1]));
        } else {
            play(ChannelAddress.parse(arguments[0]), Integer.parseInt(arguments[1]));
        }
    }

    private static void serve(ChannelAddress address) throws IOException {
        try (MessageListener listener = MessageChannels.listen(address)) {
            print("listening on " + listener.address());
            try (MessageChannel channel = listener.accept()) {
                while (true) {
                    try (IncomingMessage message = channel.receive()) {
                        channel.send(message.header());
                    }
                }
            } catch (EOFException e) {
                print("done");
            }
        }
    }

    private static void play(ChannelAddress address, int count) throws Exception {
        try (MessageChannel channel = connect(address)) {
            MemorySegment header = MemorySegment.ofArray(new byte[64]);
            long[] nanos = new long[count];
            for (int i = 0; i < count; i++) {
                long start = System.nanoTime();
                channel.send(header);
                channel.receive().close();
                nanos[i] = System.nanoTime() - start;
            }
            print(count + " times 64 bytes there and back: " + spread(nanos, 0, count));
            print("of these the second half: " + spread(nanos, count / 2, count));
        }
    }

    private static String spread(long[] nanos, int from, int to) {
        long[] part = Arrays.copyOfRange(nanos, from, to);
        Arrays.sort(part);
        return "median " + part[part.length / 2] / 1000 + " us, best " + part[0] / 1000 + " us, worst "
                + part[part.length - 1] / 1000 + " us";
    }

    /** The other machine may still be booting. */
    private static MessageChannel connect(ChannelAddress address) throws Exception {
        long start = System.nanoTime();
        while (true) {
            try {
                return MessageChannels.connect(address);
            } catch (IOException e) {
                if (System.nanoTime() - start > PATIENCE_NANOS) {
                    throw e;
                }
                Thread.sleep(500);
            }
        }
    }

    @SuppressWarnings("SystemOut") // a program
    private static void print(String line) {
        System.out.println(line);
    }
}
