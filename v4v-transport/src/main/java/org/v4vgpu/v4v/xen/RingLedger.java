package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;

/**
 * The rings that a process has registered, in a file that it leaves behind if it is killed. Safe for any thread.
 *
 * <pre>
 *  0 u64 magic
 *  8 u32 version
 * 16 entry[256], 16 bytes each
 *     0 u32 in use     1 from before the ring is registered until after it is unregistered
 *     4 u32 port
 *     8 u32 partner
 * </pre>
 *
 * <p>Mapped, so that what was noted is there whatever happens to the process afterwards.
 */
final class RingLedger implements AutoCloseable {
    static final int ENTRIES = 256;

    private static final long MAGIC = 0x5247_444c_5634_5631L;
    private static final int VERSION = 1;
    private static final long FIRST_ENTRY = 16;
    private static final long ENTRY_BYTES = 16;
    private static final long BYTES = FIRST_ENTRY + ENTRIES * ENTRY_BYTES;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;

    /** A noted ring. */
    record Entry(int place, long port, int partner) {}

    private RingLedger(FileChannel channel) throws IOException {
        try {
            memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, arena);
        } catch (IOException e) {
            arena.close();
            throw e;
        }
    }

    /** An empty ledger over a new file. */
    static RingLedger create(FileChannel channel) throws IOException {
        RingLedger ledger = new RingLedger(channel);
        ledger.memory.set(ValueLayout.JAVA_INT, 8, VERSION);
        ledger.memory.set(ValueLayout.JAVA_LONG, 0, MAGIC);
        return ledger;
    }

    /** What a dead process has noted; nothing if it died before its ledger was one. */
    static List<Entry> read(FileChannel channel) throws IOException {
        if (channel.size() < BYTES) {
            return List.of();
        }
        try (RingLedger ledger = new RingLedger(channel)) {
            MemorySegment memory = ledger.memory;
            boolean isOne =
                    memory.get(ValueLayout.JAVA_LONG, 0) == MAGIC && memory.get(ValueLayout.JAVA_INT, 8) == VERSION;
            return isOne ? ledger.entries() : List.of();
        }
    }

    private synchronized List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        for (int place = 0; place < ENTRIES; place++) {
            long at = at(place);
            if (memory.get(ValueLayout.JAVA_INT, at) != 0) {
                entries.add(new Entry(
                        place,
                        Integer.toUnsignedLong(memory.get(ValueLayout.JAVA_INT, at + 4)),
                        memory.get(ValueLayout.JAVA_INT, at + 8)));
            }
        }
        return entries;
    }

    private static long at(int place) {
        return FIRST_ENTRY + place * ENTRY_BYTES;
    }

    /** Notes a ring that is about to be registered. */
    synchronized Entry note(long port, int partner) throws ArgoException {
        for (int place = 0; place < ENTRIES; place++) {
            long at = at(place);
            if (memory.get(ValueLayout.JAVA_INT, at) == 0) {
                memory.set(ValueLayout.JAVA_INT, at + 4, (int) port);
                memory.set(ValueLayout.JAVA_INT, at + 8, partner);
                memory.set(ValueLayout.JAVA_INT, at, 1);
                return new Entry(place, port, partner);
            }
        }
        throw new ArgoException(ArgoError.ENOSPC, "this process has " + ENTRIES + " rings already");
    }

    /** The ring is not registered any more. */
    synchronized void strike(Entry entry) {
        if (arena.scope().isAlive()) {
            memory.set(ValueLayout.JAVA_INT, at(entry.place()), 0);
        }
    }

    @Override
    public synchronized void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
