package org.v4vgpu.v4v;

import java.io.EOFException;
import java.io.IOException;

/**
 * Says when a peer on another machine comes and goes, for tests that kill it: {@code PeerWatch serve ADDRESS} takes one connection
 * after the other, {@code PeerWatch watch ADDRESS} makes one and ends with it. No test.
 */
final class PeerWatch {
    private PeerWatch() {}

    public static void main(String[] arguments) throws IOException {
        ChannelAddress address = ChannelAddress.parse(arguments[1]);
        if (arguments[0].equals("serve")) {
            serve(address);
        } else {
            watch(address);
        }
    }

    private static void serve(ChannelAddress address) throws IOException {
        try (MessageListener listener = MessageChannels.listen(address)) {
            print("listening on " + listener.address());
            for (int number = 1; ; number++) {
                try (MessageChannel channel = listener.accept()) {
                    print("accepted " + number + " at " + address);
                    print(end(channel) + " peer " + number + " at " + address);
                }
            }
        }
    }

    private static void watch(ChannelAddress address) throws IOException {
        try (MessageChannel channel = MessageChannels.connect(address)) {
            print("connected to " + address + " as process "
                    + ProcessHandle.current().pid());
            print(end(channel) + " the peer at " + address);
        }
    }

    /** Whether the peer was lost or closed the channel. */
    private static String end(MessageChannel channel) throws IOException {
        while (true) {
            try {
                channel.receive().close();
            } catch (EOFException e) {
                return "closed by";
            } catch (PeerLostException e) {
                return "lost";
            }
        }
    }

    @SuppressWarnings("SystemOut") // a program
    private static void print(String line) {
        System.out.println(line);
    }
}
