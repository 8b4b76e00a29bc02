package org.v4vgpu.server.session;

import com.google.protobuf.MessageLite;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.Call;

/**
 * Which handler executes which call, by the call's number. Immutable once built, safe for any thread.
 *
 * {@snippet :
 *   dispatcher.on(Call.MEM_ALLOC, this::allocate);
 * }
 */
final class CallDispatcher {
    private @Nullable Row<?, ?>[] rows = new Row<?, ?>[0];

    /** A group of calls around one noun. */
    interface Calls {
        void register(CallDispatcher dispatcher);
    }

    /**
     * A call and what executes it.
     *
     * @param maximumPayloadBytes the longest payload of a request; 0 for calls that have none
     */
    record Row<Q extends MessageLite, R extends MessageLite>(
            Call<Q, R> call, CallHandler<Q, R> handler, long maximumPayloadBytes) {}

    private CallDispatcher() {}

    static CallDispatcher of(Calls... groups) {
        CallDispatcher dispatcher = new CallDispatcher();
        for (Calls group : groups) {
            group.register(dispatcher);
        }
        return dispatcher;
    }

    /** Registers the handler of a call without a payload. */
    <Q extends MessageLite, R extends MessageLite> void on(Call<Q, R> call, CallHandler<Q, R> handler) {
        on(call, 0, handler);
    }

    /** Registers the handler of a call with a payload, which it reads from {@link LaneCall#payload}. */
    <Q extends MessageLite, R extends MessageLite> void on(
            Call<Q, R> call, long maximumPayloadBytes, CallHandler<Q, R> handler) {
        if (call.number() >= rows.length) {
            rows = Arrays.copyOf(rows, call.number() + 1);
        }
        if (rows[call.number()] != null) {
            throw new IllegalStateException("two handlers for " + call);
        }
        rows[call.number()] = new Row<>(call, handler, maximumPayloadBytes);
    }

    /** The row of a number, or null for a call that the server does not know. */
    @Nullable Row<?, ?> row(int number) {
        return number < rows.length ? rows[number] : null;
    }
}
