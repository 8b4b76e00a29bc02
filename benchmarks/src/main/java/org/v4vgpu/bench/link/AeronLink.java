package org.v4vgpu.bench.link;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.ControlledFragmentHandler;
import io.aeron.logbuffer.Header;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A link over Aeron IPC, the well-known peer: a publication per direction in shared memory, polled by both ends. The accepting
 * process runs the media driver. Messages go in fragments of the largest size, which are copied once, to where they belong.
 */
final class AeronLink implements Link, ControlledFragmentHandler {
    /** Large enough for fragments to stream, small enough for the caches of a large machine. */
    private static final int TERM_BYTES = 16 << 20;

    /** The most that Aeron takes. */
    private static final int FRAGMENT_BYTES = 65_504;

    private static final String CHANNEL = "aeron:ipc";
    private static final int TO_PEER = 1001;
    private static final int FROM_PEER = 1002;
    private static final int FRAGMENTS_PER_POLL = 64;
    private static final long CONNECT_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final @Nullable MediaDriver driver;
    private final Aeron aeron;
    private final ExclusivePublication publication;
    private final Subscription subscription;
    private final IdleStrategy idle = new DrowsyIdleStrategy(new BackoffIdleStrategy(10_000, 100, 1_000, 100_000));
    private final UnsafeBuffer outgoing = new UnsafeBuffer(0, 0);
    private final UnsafeBuffer incoming = new UnsafeBuffer(0, 0);
    private final MemorySegment commandBytes = Arena.ofAuto().allocate(Command.ENCODED_BYTES, 8);
    private int filled;

    private AeronLink(@Nullable MediaDriver driver, Path directory, int outgoingStream, int incomingStream)
            throws IOException {
        this.driver = driver;
        aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(directory.toString()));
        subscription = aeron.addSubscription(CHANNEL, incomingStream);
        publication = aeron.addExclusivePublication(CHANNEL, outgoingStream);
    }

    static AeronLink connect(Path directory) throws IOException {
        AeronLink link = new AeronLink(null, directory, TO_PEER, FROM_PEER);
        link.awaitPeer();
        return link;
    }

    /** Starts a media driver, tells its directory, and waits for whoever connects. */
    static AeronLink accept(Path directory, Consumer<Path> listening) throws IOException {
        Path drivers = directory.resolve("aeron");
        MediaDriver driver = MediaDriver.launch(new MediaDriver.Context()
                .aeronDirectoryName(drivers.toString())
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(true)
                .threadingMode(ThreadingMode.SHARED)
                .sharedIdleStrategy(new DrowsyIdleStrategy(new BackoffIdleStrategy(10, 20, 1_000, 1_000_000)))
                .termBufferSparseFile(false)
                .ipcTermBufferLength(TERM_BYTES)
                .ipcMtuLength(FRAGMENT_BYTES));
        AeronLink link = new AeronLink(driver, drivers, FROM_PEER, TO_PEER);
        listening.accept(drivers);
        link.awaitPeer();
        return link;
    }

    private void awaitPeer() throws IOException {
        long begin = System.nanoTime();
        while (!publication.isConnected() || subscription.hasNoImages()) {
            if (System.nanoTime() - begin > CONNECT_NANOS) {
                close();
                throw new IOException(
                        "Aeron: the peer did not come in " + TimeUnit.NANOSECONDS.toSeconds(CONNECT_NANOS) + " s");
            }
            idle.idle();
        }
        idle.reset();
    }

    @Override
    public void command(Command command) throws IOException {
        commandBytes.set(ValueLayout.JAVA_INT, 0, command.verb().number());
        commandBytes.set(ValueLayout.JAVA_INT, 4, command.bytes());
        commandBytes.set(ValueLayout.JAVA_INT, 8, command.messages());
        send(commandBytes);
    }

    @Override
    public Command command() throws IOException {
        receive(commandBytes);
        return new Command(
                Verb.of(commandBytes.get(ValueLayout.JAVA_INT, 0)),
                commandBytes.get(ValueLayout.JAVA_INT, 4),
                commandBytes.get(ValueLayout.JAVA_INT, 8));
    }

    @Override
    public void send(MemorySegment message) throws IOException {
        outgoing.wrap(message.address(), (int) message.byteSize());
        int limit = publication.maxMessageLength();
        for (int offset = 0; offset < outgoing.capacity(); offset += limit) {
            offer(offset, Math.min(limit, outgoing.capacity() - offset));
        }
    }

    private void offer(int offset, int length) throws IOException {
        long result = publication.offer(outgoing, offset, length);
        while (result < 0) {
            if (result == Publication.NOT_CONNECTED || result == Publication.CLOSED) {
                throw new EOFException("the peer closed its end");
            }
            if (result == Publication.MAX_POSITION_EXCEEDED) {
                throw new IOException("Aeron: the stream has reached its last position");
            }
            idle.idle();
            result = publication.offer(outgoing, offset, length);
        }
        idle.reset();
    }

    @Override
    public void receive(MemorySegment into) throws IOException {
        incoming.wrap(into.address(), (int) into.byteSize());
        filled = 0;
        while (filled < incoming.capacity()) {
            if (subscription.controlledPoll(this, FRAGMENTS_PER_POLL) > 0) {
                idle.reset();
            } else if (subscription.hasNoImages()) {
                throw new EOFException("the peer closed its end");
            } else {
                idle.idle();
            }
        }
    }

    /** Called by Aeron within {@link #receive}: stops the poll at the end of the message. */
    @Override
    public Action onFragment(DirectBuffer buffer, int offset, int length, Header header) {
        buffer.getBytes(offset, incoming, filled, length);
        filled += length;
        return filled < incoming.capacity() ? Action.CONTINUE : Action.BREAK;
    }

    @Override
    public void close() {
        publication.close();
        subscription.close();
        aeron.close();
        if (driver != null) {
            driver.close();
        }
    }
}
