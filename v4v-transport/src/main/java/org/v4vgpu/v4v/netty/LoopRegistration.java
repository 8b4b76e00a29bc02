package org.v4vgpu.v4v.netty;

import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** A channel's side of its registration with its event loop, and its interest, which outlives that. Confined to the event loop. */
final class LoopRegistration {
    private @Nullable IoRegistration registration;
    private boolean read;
    private boolean space;

    static boolean isCompatible(EventLoop loop, Class<? extends V4vIoHandle> handle) {
        return loop instanceof IoEventLoop ours && ours.isCompatible(handle);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the listener has it
    void register(EventLoop loop, V4vIoHandle handle, ChannelPromise promise) {
        ((IoEventLoop) loop).register(handle).addListener((Future<IoRegistration> registering) -> {
            if (registering.isSuccess()) {
                registration = registering.getNow();
                submit();
                promise.setSuccess();
            } else {
                promise.setFailure(registering.cause());
            }
        });
    }

    void cancel() {
        IoRegistration current = registration;
        if (current != null) {
            registration = null;
            current.cancel();
        }
    }

    void wantRead(boolean wanted) {
        if (read != wanted) {
            read = wanted;
            submit();
        }
    }

    void wantSpace(boolean wanted) {
        if (space != wanted) {
            space = wanted;
            submit();
        }
    }

    boolean wantsSpace() {
        return space;
    }

    private void submit() {
        if (registration != null) {
            registration.submit(V4vIoOps.of(read, space));
        }
    }
}
