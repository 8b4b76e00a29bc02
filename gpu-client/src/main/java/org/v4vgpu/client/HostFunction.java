package org.v4vgpu.client;

import org.v4vgpu.proto.CudaStatus;

/** What a stream waits for while this program runs it: {@link RemoteStream#launchHostFunction}. */
@FunctionalInterface
public interface HostFunction {
    /**
     * Called once, on a thread that runs all host functions of a session one after the other, when everything before it in its stream
     * is done. Calls to the GPU are not permitted here, directly or by waiting for a thread that makes some.
     *
     * @param status success, or what broke the context before the stream came here
     */
    void run(CudaStatus status);
}
