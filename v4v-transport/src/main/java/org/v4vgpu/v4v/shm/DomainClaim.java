package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.ring.IdleStrategy;

/**
 * A domain id that belongs to this process as long as it holds the lock on the domain's file; the kernel takes it back when the
 * process dies. Safe for any thread.
 *
 * <p>The lock files stay: to delete one would race with the next claim. Locks of fcntl belong to the process, and closing any
 * descriptor of a file drops them: a file that this process has locked is never opened twice, hence the table.
 */
final class DomainClaim implements AutoCloseable {
    private static final Logger LOG = System.getLogger(DomainClaim.class.getName());

    /** 0 is the control domain by tradition, 1 the server by default. */
    private static final int FIRST_FREE = 2;

    private static final Map<Path, DomainClaim> OWN = new HashMap<>();

    /** Others hold a free domain's lock for as long as it takes to clean up after its last owner. */
    private static final long SWEEP_NANOS = 100_000_000;

    private static final long SWEEP_POLL_NANOS = 1_000_000;

    private final int domain;
    private final Path file;
    private final FileChannel channel;

    /** What tells the file from another one of the same name. */
    private final @Nullable Object fileKey;

    private DomainClaim(int domain, Path file, FileChannel channel) throws IOException {
        this.domain = domain;
        this.file = file;
        this.channel = channel;
        this.fileKey = fileKey(file);
    }

    private static @Nullable Object fileKey(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }

    static DomainClaim of(Fabric fabric, int domain) throws IOException {
        DomainClaim claim = tryClaim(fabric, domain);
        long start = System.nanoTime();
        while (claim == null && System.nanoTime() - start < SWEEP_NANOS) {
            IdleStrategy.pause(SWEEP_POLL_NANOS);
            claim = tryClaim(fabric, domain);
        }
        if (claim == null) {
            throw new IOException("domain " + domain + " of " + fabric
                    + " is taken by another process; stop it or use another domain id");
        }
        return claim;
    }

    static DomainClaim ofFreeDomain(Fabric fabric) throws IOException {
        for (int domain = FIRST_FREE; domain < V4vAddress.DOMAIN_ANY; domain++) {
            DomainClaim claim = tryClaim(fabric, domain);
            if (claim != null) {
                return claim;
            }
        }
        throw new IOException("all domain ids of " + fabric + " are taken");
    }

    private static @Nullable DomainClaim tryClaim(Fabric fabric, int domain) throws IOException {
        Path file = fabric.lockFile(domain);
        synchronized (OWN) {
            if (OWN.containsKey(file)) {
                return null;
            }
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                FileLock lock = channel.tryLock();
                if (lock != null) {
                    DomainClaim claim = new DomainClaim(domain, file, channel);
                    OWN.put(file, claim);
                    return claim;
                }
            } catch (IOException e) {
                channel.close();
                throw e;
            }
            channel.close();
            return null;
        }
    }

    /** Removes the sockets of domains whose processes have died; their memory went with them. */
    static void sweep(Fabric fabric) throws IOException {
        try (DirectoryStream<Path> sockets = Files.newDirectoryStream(fabric.directory(), Fabric.SOCKETS)) {
            for (Path socket : sockets) {
                int domain = Fabric.domainOf(socket);
                if (domain >= 0) {
                    sweep(fabric, domain, socket);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private static void sweep(Fabric fabric, int domain, Path socket) throws IOException {
        try {
            DomainClaim abandoned = tryClaim(fabric, domain);
            if (abandoned != null) {
                try (abandoned) {
                    Files.deleteIfExists(socket);
                }
            }
        } catch (AccessDeniedException e) {
            LOG.log(Level.DEBUG, "domain {0} of {1} is another user''s to clean up after: {2}", domain, fabric, e);
        }
    }

    /** Whether the lock is still where others look for it: whoever removed the directory has freed the domain. */
    boolean isInPlace() {
        try {
            return fileKey != null && fileKey.equals(fileKey(file));
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether the process at the other end of a socket holds the claim to a domain, as the kernel says. */
    static boolean isHeldBy(Fabric fabric, int domain, int pid) throws IOException {
        if (pid <= 0) { // which is also what the kernel says of a lock that nobody holds
            throw new IOException(
                    "runs in another PID namespace, where it can't be identified; share one between the domains");
        }
        Path file = fabric.lockFile(domain);
        synchronized (OWN) {
            if (OWN.containsKey(file)) {
                return pid == ProcessHandle.current().pid();
            }
            try {
                return Linux.lockHolder(file) == pid;
            } catch (LinuxException e) {
                if (e.errno() == Linux.ENOENT) {
                    return false; // nobody ever was that domain
                }
                throw e;
            }
        }
    }

    int domain() {
        return domain;
    }

    @Override
    public void close() throws IOException {
        synchronized (OWN) {
            if (OWN.remove(file, this)) {
                channel.close();
            }
        }
    }
}
