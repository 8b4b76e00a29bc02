package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.v4vgpu.v4v.V4vAddress;

/**
 * What a fabric permits one domain and asks of it: {@value #FILE} in the fabric's directory, read when the domain is opened; a system
 * property {@code v4vgpu.fabric.<key>} overrides a key. Immutable, safe for any thread.
 *
 * <pre>
 *  any-partner=false         no ring for any partner can be registered (Argo without mac-permissive); true unless set
 *  allow.1.4840=2,5-9        only these domains may send to port 4840 of domain 1; "none" is nobody
 *  allow.1.*=2               as above, for the ports of domain 1 without a rule of their own; all may unless set
 *  stopped-millis=500        a domain that is connected and shows no life for so long counts as dead; 0, never, unless set
 * </pre>
 *
 * <p>Each domain enforces what is said of it: the rules protect it, they bind nobody else.
 */
record FabricConfiguration(boolean anyPartner, int stoppedMillis, Map<Long, BitSet> allowed) {
    static final String FILE = "fabric.properties";

    private static final String PREFIX = "v4vgpu.fabric.";
    private static final long OTHER_PORTS = -1;
    private static final int BEATS = 4;
    private static final int SHORTEST_BEAT_MILLIS = 5;

    /** What the fabric says of a domain. */
    static FabricConfiguration of(Fabric fabric, int domain) throws IOException {
        Path file = fabric.directory().resolve(FILE);
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (NoSuchFileException e) {
            properties.clear(); // nothing is said
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is no properties file: " + e.getMessage(), e);
        }
        for (String name : System.getProperties().stringPropertyNames()) {
            if (name.startsWith(PREFIX)) {
                properties.setProperty(name.substring(PREFIX.length()), System.getProperty(name));
            }
        }
        return of(properties, domain, file);
    }

    private static FabricConfiguration of(Properties properties, int domain, Path file) throws IOException {
        boolean anyPartner = true;
        int stoppedMillis = 0;
        Map<Long, BitSet> allowed = new HashMap<>();
        for (String key : properties.stringPropertyNames()) {
            String value = properties.getProperty(key).strip();
            try {
                switch (key) {
                    case "any-partner" -> anyPartner = yes(value);
                    case "stopped-millis" -> stoppedMillis = number(value, 0, 3_600_000);
                    default -> {
                        String[] parts = key.split("\\.", -1);
                        if (parts.length != 3 || !parts[0].equals("allow")) {
                            throw new IllegalArgumentException("unknown");
                        }
                        BitSet senders = senders(value);
                        long port =
                                parts[2].equals("*") ? OTHER_PORTS : new V4vAddress(0, Long.parseLong(parts[2])).port();
                        if (number(parts[1], 0, V4vAddress.DOMAIN_ANY - 1) == domain) {
                            allowed.put(port, senders);
                        }
                    }
                }
            } catch (IllegalArgumentException e) {
                throw new IOException(
                        "the key '" + key + "' with the value '" + value + "' in " + file + " or as system property "
                                + PREFIX + key + " is not understood",
                        e);
            }
        }
        return new FabricConfiguration(anyPartner, stoppedMillis, Map.copyOf(allowed));
    }

    private static boolean yes(String value) {
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(value);
        };
    }

    private static int number(String value, int least, int most) {
        int number = Integer.parseInt(value);
        if (number < least || number > most) {
            throw new IllegalArgumentException(value);
        }
        return number;
    }

    private static BitSet senders(String value) {
        BitSet senders = new BitSet();
        if (value.equals("none")) {
            return senders;
        }
        for (String range : value.split(",", -1)) {
            String[] ends = range.strip().split("-", 2);
            int first = number(ends[0], 0, V4vAddress.DOMAIN_ANY - 1);
            int last = number(ends[ends.length - 1], first, V4vAddress.DOMAIN_ANY - 1);
            senders.set(first, last + 1);
        }
        return senders;
    }

    /** Whether a domain may send to a port of this one. */
    boolean allows(long port, int sender) {
        BitSet rule = allowed.get(port);
        if (rule == null) {
            rule = allowed.get(OTHER_PORTS);
        }
        return rule == null || rule.get(sender);
    }

    /** How often a peer should show life; 0 for never. */
    int beatMillis() {
        return stoppedMillis == 0 ? 0 : Math.max(SHORTEST_BEAT_MILLIS, stoppedMillis / BEATS);
    }
}
