package org.v4vgpu.v4v.socket;

import java.io.IOException;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.ReceiveRing;
import org.v4vgpu.v4v.SendRing;
import org.v4vgpu.v4v.V4vAddress;

/**
 * What all readers and writers of a byte stream hold to beside the records of {@link StreamDescriptor}: sockets and Netty's channels
 * alike. Stateless; as safe for threads as the rings that are given.
 *
 * <p>A stream has an end only if END was read. A writer that leaves without it, by a death or by closing its rings, broke it off.
 */
public final class StreamRules {
    private StreamRules() {}

    /** Claims a record of that many bytes, if it fits and the end still finds space after it. */
    public static boolean claim(SendRing out, int bytes) throws IOException {
        return out.claim(bytes + StreamDescriptor.RESERVED_BYTES) && out.claim(bytes);
    }

    /** Whether the peer has closed or died, rather than only stopped reading. */
    public static boolean isPeerGone(ReceiveRing in) {
        return in.hasWriterLeft() || !in.isPartnerAlive();
    }

    /** Whether a refused claim means only that the peer has shut its input down: then what it would not read is thrown away. */
    public static boolean isUnwanted(ArgoException refusal, ReceiveRing in) {
        return refusal.error() == ArgoError.ECONNREFUSED && !isPeerGone(in);
    }

    /** Whether a refused claim is due to a close; the peer's domain may have left or died after it. */
    public static boolean isClosed(ArgoException refusal, ReceiveRing in) {
        return refusal.error() == ArgoError.ECONNREFUSED || (refusal.error() == ArgoError.ESRCH && in.hasWriterLeft());
    }

    /** What a writer says to a claim that is refused so. */
    public static String brokenPipe(V4vAddress peer) {
        return "Broken pipe: " + peer + " has closed the connection";
    }

    /** What a reader says to a record that is neither BYTES nor END. */
    public static String brokenBy(int type, V4vAddress peer) {
        return type == StreamDescriptor.RESET
                ? "Connection reset by " + peer
                : "Connection reset: " + peer + " sent a record of type 0x" + Integer.toHexString(type)
                        + ", which no byte stream has";
    }

    /** What a reader says where a ring ends without END and the peer's domain is alive. */
    public static String leftWithoutEnd(V4vAddress peer) {
        return "Connection reset: " + peer + " left without a close";
    }
}
