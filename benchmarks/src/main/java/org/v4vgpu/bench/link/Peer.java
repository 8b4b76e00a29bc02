package org.v4vgpu.bench.link;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The other process of experiments with bare messages: listens, prints an address as a line for each pair, serves one link per pair on
 * a thread of its own, and ends with them.
 *
 * <pre>
 *   arguments   TRANSPORT WHERE PAIRS
 *   ECHO n      takes n messages and sends each back
 *   SINK n      takes n messages, then sends DONE
 * </pre>
 */
public final class Peer {
    private final Transport transport;
    private final String where;
    private final AtomicBoolean failed = new AtomicBoolean();

    private Peer(Transport transport, String where) {
        this.transport = transport;
        this.where = where;
    }

    public static void main(String[] arguments) throws InterruptedException {
        Peer peer = new Peer(Transport.of(arguments[0]), arguments[1]);
        int pairs = Integer.parseInt(arguments[2]);
        List<Thread> threads = new ArrayList<>();
        for (int pair = 0; pair < pairs; pair++) {
            int number = pair;
            threads.add(Thread.ofPlatform().name("pair-" + pair).start(() -> peer.serve(number)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        System.exit(peer.failed.get() ? 1 : 0);
    }

    private void serve(int pair) {
        try (Link link = transport.accept(where, pair, address -> System.out.println("listening on " + address))) {
            serve(link);
        } catch (EOFException e) {
            // The experiment is over.
        } catch (IOException | RuntimeException e) {
            failed.set(true);
            System.getLogger(Peer.class.getName())
                    .log(System.Logger.Level.ERROR, "pair " + pair + " over " + transport.label() + " failed", e);
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
