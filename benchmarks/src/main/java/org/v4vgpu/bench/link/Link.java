package org.v4vgpu.bench.link;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * One end of a connection as the experiments use it: a program that writes from its own memory and reads into its own memory, so
 * that every transport makes the copies that a user would see. One thread uses it.
 *
 * <p>Both ends know the length of what comes next, as the {@linkplain Peer peer's protocol} arranges, so that no transport pays
 * for finding out.
 */
public interface Link extends AutoCloseable {
    /** Sends a command: two numbers and nothing else. */
    void command(Command command) throws IOException;

    /** Receives a command. */
    Command command() throws IOException;

    /** Sends a message. When this returns, the memory may be reused. */
    void send(MemorySegment message) throws IOException;

    /** Receives a message of the length of {@code into}, which is native memory. */
    void receive(MemorySegment into) throws IOException;

    @Override
    void close() throws IOException;

    /** What the peer is to do with the messages that follow. */
    record Command(Verb verb, int bytes, int messages) {
        static final int ENCODED_BYTES = 12;
    }

    /** The commands. */
    enum Verb {
        /** Send each of the messages back. */
        ECHO(1),
        /** Take the messages in, then answer with {@link #DONE}. */
        SINK(2),
        /** All of a sink's messages have been taken in. */
        DONE(3);

        private final int number;

        Verb(int number) {
            this.number = number;
        }

        int number() {
            return number;
        }

        static Verb of(int number) throws IOException {
            for (Verb verb : values()) {
                if (verb.number == number) {
                    return verb;
                }
            }
            throw new IOException("no command has the number " + number);
        }
    }
}
