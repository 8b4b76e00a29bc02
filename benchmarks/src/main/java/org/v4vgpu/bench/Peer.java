package org.v4vgpu.bench;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import org.v4vgpu.v4v.ChannelAddress;
import org.v4vgpu.v4v.MessageChannels;
import org.v4vgpu.v4v.MessageListener;

/**
 * The other process of {@code pingpong} and {@code bandwidth}: listens, prints its address as a line, serves one link and ends
 * with it.
 *
 * <pre>
 *   arguments   channel ADDRESS  |  socket
 *   ECHO n      takes n messages and sends each back
 *   SINK n      takes n messages, then sends DONE
 * </pre>
 */
final class Peer {
    private Peer() {}

    public static void main(String[] arguments) throws IOException {
        try (Link link = arguments[0].equals("socket") ? acceptSocket() : acceptChannel(arguments[1])) {
            serve(link);
        } catch (EOFException e) {
            // The experiment is over.
        }
    }

    private static Link acceptSocket() throws IOException {
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            System.out.println("tcp://127.0.0.1:" + listener.socket().getLocalPort());
            return new SocketLink(listener.accept());
        }
    }

    private static Link acceptChannel(String address) throws IOException {
        try (MessageListener listener = MessageChannels.listen(ChannelAddress.parse(address))) {
            System.out.println(listener.address());
            return new ChannelLink(listener.accept());
        }
    }

    private static void serve(Link link) throws IOException {
        MemorySegment memory = MemorySegment.NULL;
        while (true) {
            Link.Command command = link.command();
            if (memory.byteSize() < command.bytes()) {
                memory = Arena.ofAuto().allocate(command.bytes(), 64);
            }
            MemorySegment message = memory.asSlice(0, command.bytes());
            for (int i = 0; i < command.messages(); i++) {
                link.receive(message);
                if (command.verb() == Link.Verb.ECHO) {
                    link.send(message);
                }
            }
            if (command.verb() == Link.Verb.SINK) {
                link.command(new Link.Command(Link.Verb.DONE, 0, 0));
            }
        }
    }
}
