package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.V4vAddress;

/**
 * A domain id that belongs to this process as long as it holds the lock on the domain's file; the kernel takes it back when the
 * process dies. Safe for any thread.
 *
 * <p>The lock files stay: to delete one would race with the next claim. Locks of fcntl belong to the process, and closing any
 * descriptor of a file drops them: a file that this process has locked is never opened twice, hence the table.
 */
final class DomainClaim implements AutoCloseable {
    /** 0 is the control domain by tradition, 1 the server by default. */
    private static final int FIRST_FREE = 2;

    private static final Map<Path, DomainClaim> OWN = new HashMap<>();

    private final int domain;
    private final Path file;
    private final FileChannel channel;

    private DomainClaim(int domain, Path file, FileChannel channel) {
        this.domain = domain;
        this.file = file;
        this.channel = channel;
    }

    static DomainClaim of(Fabric fabric, int domain) throws IOException {
        DomainClaim claim = tryClaim(fabric, domain);
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
            FileLock lock = channel.tryLock();
            if (lock == null) {
                channel.close();
                return null;
            }
            DomainClaim claim = new DomainClaim(domain, file, channel);
            OWN.put(file, claim);
            return claim;
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
            return Linux.lockHolder(file) == pid;
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
