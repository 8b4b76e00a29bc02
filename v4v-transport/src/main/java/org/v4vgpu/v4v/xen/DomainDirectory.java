package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.ring.EventCount;

/**
 * Where the processes of one domain meet: who of them has the VIRQ and cleans up after the dead (the broker), the count of events by
 * which it wakes the others, and each one's {@link RingLedger}. Safe for any thread.
 *
 * <p>A process holds the locks on its ledger and, if it is the broker, on the broker's file; the kernel takes them back when it dies,
 * and so the others know. No process needs another one's answer.
 */
final class DomainDirectory implements AutoCloseable {
    private static final Logger LOG = System.getLogger(DomainDirectory.class.getName());
    private static final String LEDGER_SUFFIX = ".rings";
    private static final int EVENTS_BYTES = 4096;

    private final Path directory;
    private final Path memoryDirectory;
    private final String name;
    private final FileChannel ledgerFile;
    private final RingLedger ledger;
    private final FileChannel brokerFile;
    private final Arena arena = Arena.ofShared();
    private final EventCount events;

    // Guarded by this.
    private @Nullable FileLock broker;
    private boolean closed;

    /** What is done with a ring that a dead process has left. */
    interface Unregistering {
        void unregister(long port, int partner);
    }

    /**
     * Enters a directory, which is made if it does not exist.
     *
     * @param memoryDirectory where the files of the processes' memory lie, named as their ledgers
     */
    static DomainDirectory enter(Path directory, Path memoryDirectory) throws IOException {
        var ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        try {
            Files.createDirectories(directory, ownerOnly);
            Files.createDirectories(memoryDirectory, ownerOnly);
            return new DomainDirectory(directory, memoryDirectory);
        } catch (IOException e) {
            throw new IOException("cannot use " + directory + " and " + memoryDirectory + ": " + e, e);
        }
    }

    private DomainDirectory(Path directory, Path memoryDirectory) throws IOException {
        this.directory = directory;
        this.memoryDirectory = memoryDirectory;
        this.name = ProcessHandle.current().pid() + "-"
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
        this.brokerFile =
                FileChannel.open(directory.resolve("broker.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        this.ledgerFile = FileChannel.open(
                directory.resolve(name + LEDGER_SUFFIX),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        // An empty file is nobody's ledger yet, so nobody deletes it in between.
        if (ledgerFile.tryLock() == null) {
            throw new IOException("somebody else has locked " + directory.resolve(name + LEDGER_SUFFIX));
        }
        this.ledger = RingLedger.create(ledgerFile);
        try (FileChannel file = FileChannel.open(
                directory.resolve("events"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            MemorySegment memory = file.map(FileChannel.MapMode.READ_WRITE, 0, EVENTS_BYTES, arena);
            this.events = new EventCount(memory, 0);
        }
    }

    /** This process's own. */
    RingLedger ledger() {
        return ledger;
    }

    /** The events that the broker has seen. Valid until the close. */
    EventCount events() {
        return events;
    }

    /** The file for this process's memory. */
    Path memoryFile() {
        return memoryDirectory.resolve(name);
    }

    /** Becomes the broker if nobody is. */
    synchronized boolean tryLead() throws IOException {
        if (broker == null && !closed) {
            try {
                broker = brokerFile.tryLock();
            } catch (OverlappingFileLockException e) {
                return false; // another domain object of this process is
            }
        }
        return broker != null;
    }

    /** Is the broker no more; for one that can't do its work. */
    synchronized void abdicate() throws IOException {
        if (broker != null) {
            broker.release();
            broker = null;
        }
    }

    /** Cleans up after processes that have died. The broker's. */
    void reap(Unregistering xen) throws IOException {
        try (DirectoryStream<Path> ledgers = Files.newDirectoryStream(directory, "*" + LEDGER_SUFFIX)) {
            for (Path file : ledgers) {
                String owner = file.getFileName().toString();
                owner = owner.substring(0, owner.length() - LEDGER_SUFFIX.length());
                if (!owner.equals(name)) { // to open and close one's own would drop the lock
                    reap(file, owner, xen);
                }
            }
        }
    }

    private void reap(Path file, String owner, Unregistering xen) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            if (channel.size() == 0) {
                return; // its owner is about to lock it
            }
            FileLock lock;
            try {
                lock = channel.tryLock();
            } catch (OverlappingFileLockException e) {
                return; // another domain object of this process owns it
            }
            if (lock == null) {
                return;
            }
            var left = RingLedger.read(channel);
            left.forEach(ring -> xen.unregister(ring.port(), ring.partner()));
            Files.deleteIfExists(memoryDirectory.resolve(owner)); // after Xen has forgotten it
            Files.deleteIfExists(file);
            LOG.log(
                    left.isEmpty() ? Level.DEBUG : Level.INFO,
                    "unregistered {0} rings that process {1} left behind",
                    left.size(),
                    owner);
        } catch (NoSuchFileException e) {
            LOG.log(Level.DEBUG, "{0} left meanwhile", owner);
        }
    }

    /** Leaves. The rings are unregistered and the memory file is deleted. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        ledger.close();
        try {
            Files.deleteIfExists(directory.resolve(name + LEDGER_SUFFIX));
            ledgerFile.close();
            brokerFile.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot leave {0}: {1}", directory, e.getMessage());
        }
        arena.close();
    }
}
