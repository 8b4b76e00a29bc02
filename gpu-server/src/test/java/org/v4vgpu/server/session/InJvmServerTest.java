package org.v4vgpu.server.session;

import org.junit.jupiter.api.AfterEach;
import org.v4vgpu.v4v.MessageChannel;

/** The contract over small channels within the JVM, whose payloads wrap. */
final class InJvmServerTest extends ServerContract {
    private final TestHost host = new TestHost(SessionLimits.DEFAULT);

    @AfterEach
    void stop() {
        host.close();
    }

    @Override
    MessageChannel connect() {
        return host.connect();
    }

    @Override
    long usedBytes() {
        return host.device.usedBytes();
    }
}
