package org.v4vgpu.v4v.ring;

/**
 * The records that a writer puts between its messages where no memory of both sides could say the same: empty, and told from messages
 * by their type. Only rings for exactly one partner know them; whoever receives never sees them.
 *
 * <p>Stateless, safe for any thread.
 */
public final class SignDescriptor {
    /** The source port writes this ring from now on, and is alive. Its port is that of the writer's own ring, or 0. */
    public static final int PULSE = 0x5634_00F1;

    /** The writer sends nothing more. */
    public static final int DETACH = 0x5634_00F2;

    private SignDescriptor() {}

    /** Whether a message of that type is none. */
    public static boolean isSign(int messageType) {
        return messageType == PULSE || messageType == DETACH;
    }
}
