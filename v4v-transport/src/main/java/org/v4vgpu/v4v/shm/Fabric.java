package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import org.v4vgpu.v4v.V4vAddress;

/**
 * The directory that plays the host: one lock file and one Unix socket per domain. Immutable, safe for any thread.
 *
 * <p>Whoever may write in the directory may be a domain. The default is the user's own; a directory for several users is made
 * by hand, with the permissions that it should have.
 */
public record Fabric(Path directory) {
    /** Environment variable: the directory. */
    public static final String VARIABLE = "V4VGPU_FABRIC";

    /** What all domains' sockets are called. */
    static final String SOCKETS = "*.sock";

    private static final String SOCKET_SUFFIX = ".sock";
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    /** Whether the environment names a directory. */
    public static boolean isNamed() {
        String named = System.getenv(VARIABLE);
        return named != null && !named.isEmpty();
    }

    /** The directory that the environment names, or else the user's own under /dev/shm. */
    public static Fabric ofEnvironment() throws IOException {
        String named = System.getenv(VARIABLE);
        return named == null || named.isEmpty()
                ? open(SHARED_MEMORY.resolve("v4vgpu-" + Linux.uid()), true)
                : open(Path.of(named), false);
    }

    /** A directory, made for this user alone if it does not exist. */
    public static Fabric of(Path directory) throws IOException {
        return open(directory, false);
    }

    private static Fabric open(Path directory, boolean isPrivate) throws IOException {
        try {
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        } catch (FileAlreadyExistsException e) {
            PosixFileAttributes attributes =
                    Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (isPrivate && (!attributes.isDirectory() || !isOurs(directory, attributes))) {
                throw new IOException(
                        "the fabric directory " + directory
                                + " is not this user's alone; set V4VGPU_FABRIC to another directory",
                        e);
            }
            if (!Files.isDirectory(directory)) {
                throw new IOException("the fabric " + directory + " is no directory", e);
            }
        }
        return new Fabric(directory.toAbsolutePath());
    }

    private static boolean isOurs(Path directory, PosixFileAttributes attributes) throws IOException {
        return OWNER_ONLY.equals(attributes.permissions())
                && Optional.of(Linux.uid()).equals(Optional.of(Files.getAttribute(directory, "unix:uid")));
    }

    Path lockFile(int domain) {
        return directory.resolve(domain + ".lock");
    }

    Path socket(int domain) {
        return directory.resolve(domain + SOCKET_SUFFIX);
    }

    /** The domain whose socket that is, or -1 if it is none's. */
    static int domainOf(Path socket) {
        String name = socket.getFileName().toString();
        try {
            int domain = Integer.parseInt(name, 0, name.length() - SOCKET_SUFFIX.length(), 10);
            return domain < V4vAddress.DOMAIN_ANY ? domain : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    @Override
    public String toString() {
        return "fabric " + directory;
    }
}
