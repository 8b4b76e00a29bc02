package org.v4vgpu.server.session;

import com.google.protobuf.MessageLite;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;

/** Executes one kind of call. Called by the threads of all lanes; whatever belongs to a call is in its {@link LaneCall}. */
@FunctionalInterface
interface CallHandler<Q extends MessageLite, R extends MessageLite> {
    /**
     * Executes the call.
     *
     * @return the reply, or null for an empty one
     * @throws DeviceException the status of the reply, and a message for the log
     * @throws IOException if the client is gone or breaks the protocol, which ends the lane
     */
    @Nullable R handle(LaneCall call, Q request) throws DeviceException, IOException;
}
