package org.v4vgpu.v4v.netty;

import io.netty.channel.IoHandle;
import org.v4vgpu.v4v.ring.DoorbellPanel;

/** What a {@link V4vIoHandler} can register. Confined to the event loop. */
interface V4vIoHandle extends IoHandle {
    /** The part of an interest that is there now. Called at every turn of the loop and while it spins: quick, and throws nothing. */
    V4vIoOps ready(V4vIoOps interest);

    /** Whether the other side is gone, also where it rang no doorbell about it. Called about once a second. */
    boolean isPeerGone();

    /** Adds the doorbells of the rings that {@link #ready} looks at. */
    void watch(V4vIoOps interest, DoorbellPanel panel);

    /** Closes the channel, as its event loop ends. */
    @Override
    void close();
}
