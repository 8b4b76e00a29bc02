package org.v4vgpu.bench.link;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;

/** A link over a message channel: V4V or TCP. A message beyond the channel's limit is cut into several. */
final class ChannelLink implements Link {
    private final MessageChannel channel;
    private final MemorySegment header = Arena.ofAuto().allocate(Command.ENCODED_BYTES, 8);

    ChannelLink(MessageChannel channel) {
        this.channel = channel;
    }

    @Override
    public void command(Command command) throws IOException {
        header.set(ValueLayout.JAVA_INT, 0, command.verb().number());
        header.set(ValueLayout.JAVA_INT, 4, command.bytes());
        header.set(ValueLayout.JAVA_INT, 8, command.messages());
        channel.send(header);
    }

    @Override
    public Command command() throws IOException {
        try (IncomingMessage message = channel.receive()) {
            MemorySegment received = message.header();
            return new Command(
                    Verb.of(received.get(ValueLayout.JAVA_INT_UNALIGNED, 0)),
                    received.get(ValueLayout.JAVA_INT_UNALIGNED, 4),
                    received.get(ValueLayout.JAVA_INT_UNALIGNED, 8));
        }
    }

    @Override
    public void send(MemorySegment message) throws IOException {
        int limit = channel.maximumPayloadBytes();
        for (long offset = 0; offset < message.byteSize(); offset += limit) {
            channel.send(header, message.asSlice(offset, Math.min(limit, message.byteSize() - offset)));
        }
    }

    @Override
    public void receive(MemorySegment into) throws IOException {
        long offset = 0;
        while (offset < into.byteSize()) {
            try (IncomingMessage message = channel.receive()) {
                message.payload().copyTo(into, offset);
                offset += message.payload().byteSize();
            }
        }
    }

    @Override
    public void close() {
        channel.close();
    }
}
