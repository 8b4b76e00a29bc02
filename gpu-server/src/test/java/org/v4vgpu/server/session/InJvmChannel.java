package org.v4vgpu.server.session;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.Queue;
import org.v4vgpu.v4v.IncomingMessage;
import org.v4vgpu.v4v.MessageChannel;
import org.v4vgpu.v4v.OutgoingMessage;
import org.v4vgpu.v4v.Payload;
import org.v4vgpu.v4v.PeerLostException;

/**
 * A message channel within the JVM with little space and small messages, whose payloads come in two segments, so that lanes meet
 * what large rings rarely show. {@link #die} is a client's sudden death.
 */
final class InJvmChannel implements MessageChannel {
    private static final int SPACE_BYTES = 16 * 1024;
    static final int PAYLOAD_BYTES = 4096;

    private enum State {
        OPEN,
        CLOSED,
        DEAD
    }

    private record Message(MemorySegment header, MemorySegment payload) {}

    /** One direction. Its monitor guards it. */
    private static final class Direction {
        final Queue<Message> messages = new ArrayDeque<>();
        long usedBytes;
        State sender = State.OPEN;
        State receiver = State.OPEN;
        boolean ended;
    }

    private final Direction in;
    private final Direction out;

    private InJvmChannel(Direction in, Direction out) {
        this.in = in;
        this.out = out;
    }

    /** Two ends. */
    static InJvmChannel[] pair() {
        Direction there = new Direction();
        Direction back = new Direction();
        return new InJvmChannel[] {new InJvmChannel(back, there), new InJvmChannel(there, back)};
    }

    /** Ends as a process that was killed. */
    void die() {
        end(State.DEAD);
    }

    @Override
    public void close() {
        end(State.CLOSED);
    }

    private void end(State state) {
        synchronized (out) {
            if (out.sender == State.OPEN) {
                out.sender = state;
            }
            out.notifyAll();
        }
        synchronized (in) {
            if (in.receiver == State.OPEN) {
                in.receiver = state;
            }
            in.notifyAll();
        }
    }

    @Override
    public int maximumHeaderBytes() {
        return 64 * 1024;
    }

    @Override
    public int maximumPayloadBytes() {
        return PAYLOAD_BYTES;
    }

    @Override
    public void send(MemorySegment header, MemorySegment payload) throws IOException {
        if (payload.byteSize() > PAYLOAD_BYTES || header.byteSize() > maximumHeaderBytes()) {
            throw new IllegalArgumentException("message too long");
        }
        push(new Message(copy(header), copy(payload)));
    }

    @Override
    public void shutdownOutput() {
        synchronized (out) {
            out.ended = true;
            out.notifyAll();
        }
    }

    private void push(Message message) throws IOException {
        synchronized (out) {
            if (out.ended) {
                throw new IOException("the output was shut down");
            }
            while (out.usedBytes > SPACE_BYTES && out.sender == State.OPEN && out.receiver == State.OPEN) {
                pause(out, 0);
            }
            if (out.sender != State.OPEN) {
                throw new IOException("the channel is closed");
            }
            if (out.receiver != State.OPEN) {
                throw new PeerLostException("the peer is gone");
            }
            out.usedBytes += message.header.byteSize() + message.payload.byteSize();
            out.messages.add(message);
            out.notifyAll();
        }
    }

    @Override
    public OutgoingMessage claim(int headerBytes, int payloadBytes) {
        MemorySegment payload = Arena.ofAuto().allocate(payloadBytes);
        return new OutgoingMessage() {
            @Override
            public Payload payload() {
                return split(payload);
            }

            @Override
            public void commit(MemorySegment header) throws IOException {
                if (header.byteSize() != headerBytes) {
                    throw new IllegalArgumentException("claimed was a header of " + headerBytes);
                }
                push(new Message(copy(header), payload));
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public IncomingMessage receive() throws IOException {
        return receive(Long.MAX_VALUE);
    }

    @Override
    public IncomingMessage receive(long timeoutNanos) throws IOException {
        long start = System.nanoTime();
        synchronized (in) {
            while (true) {
                if (in.receiver != State.OPEN) {
                    throw new IOException("the channel is closed");
                }
                Message message = in.messages.poll();
                if (message != null) {
                    return incoming(message);
                }
                if (in.ended) {
                    throw new EOFException("the peer has ended its output");
                }
                switch (in.sender) {
                    case CLOSED -> throw new EOFException("closed by the peer");
                    case DEAD -> throw new PeerLostException("the peer died");
                    case OPEN -> {
                        long left = timeoutNanos - (System.nanoTime() - start);
                        if (left <= 0) {
                            throw new SocketTimeoutException("nothing came");
                        }
                        pause(in, Math.min(left / 1_000_000 + 1, 1000));
                    }
                }
            }
        }
    }

    private IncomingMessage incoming(Message message) {
        return new IncomingMessage() {
            private boolean released;

            @Override
            public MemorySegment header() {
                return message.header;
            }

            @Override
            public Payload payload() {
                if (released) {
                    throw new IllegalStateException("the message was released");
                }
                return split(message.payload);
            }

            @Override
            public void close() {
                if (!released) {
                    released = true;
                    synchronized (in) {
                        in.usedBytes -= message.header.byteSize() + message.payload.byteSize();
                        in.notifyAll();
                    }
                }
            }
        };
    }

    @Override
    public boolean isPeerAlive() {
        synchronized (in) {
            return in.sender == State.OPEN;
        }
    }

    @Override
    public boolean isOpen() {
        synchronized (in) {
            return in.receiver == State.OPEN;
        }
    }

    @Override
    public String peer() {
        return "jvm://1";
    }

    private static Payload split(MemorySegment payload) {
        long cut = payload.byteSize() / 3 & -8L;
        return cut == 0 ? Payload.of(payload) : new Payload(payload.asSlice(0, cut), payload.asSlice(cut));
    }

    private static MemorySegment copy(MemorySegment segment) {
        MemorySegment copy = Arena.ofAuto().allocate(Math.max(1, segment.byteSize()), 8);
        return copy.copyFrom(segment).asSlice(0, segment.byteSize());
    }

    private static void pause(Direction direction, long millis) throws IOException {
        try {
            direction.wait(millis);
        } catch (InterruptedException e) {
            throw new IOException("interrupted", e);
        }
    }
}
