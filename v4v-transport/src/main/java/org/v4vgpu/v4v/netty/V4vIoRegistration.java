package org.v4vgpu.v4v.netty;

import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import java.util.concurrent.atomic.AtomicBoolean;

/** A handle's place in a {@link V4vIoHandler}, with its interest. {@link #submit} and {@link #cancel} are safe for any thread. */
final class V4vIoRegistration implements IoRegistration {
    /** Ids of submissions are for handlers whose events name them; ours name none. */
    private static final long SUBMITTED = 0;

    private static final long INVALID = -1;

    private final V4vIoHandler handler;
    private final V4vIoHandle handle;
    private final AtomicBoolean cancelled = new AtomicBoolean();

    // The loop's.
    private V4vIoOps interest = V4vIoOps.NONE;

    V4vIoRegistration(V4vIoHandler handler, V4vIoHandle handle) {
        this.handler = handler;
        this.handle = handle;
    }

    V4vIoHandle handle() {
        return handle;
    }

    V4vIoOps interest() {
        return interest;
    }

    /** What the loop has to tell the handle now. */
    V4vIoOps ready() {
        return interest == V4vIoOps.NONE || !isValid() ? V4vIoOps.NONE : handle.ready(interest);
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the interface's
    @Override
    public <T> T attachment() {
        return (T) handler;
    }

    @Override
    public long submit(IoOps ops) {
        V4vIoOps wanted = (V4vIoOps) ops;
        if (!isValid()) {
            return INVALID;
        }
        handler.onLoop(() -> {
            if (interest != wanted) {
                interest = wanted;
                handler.interestsChanged();
            }
        });
        return SUBMITTED;
    }

    @Override
    public boolean isValid() {
        return !cancelled.get();
    }

    @Override
    public boolean cancel() {
        if (!cancelled.compareAndSet(false, true)) {
            return false;
        }
        handler.onLoop(() -> handler.remove(this));
        return true;
    }
}
