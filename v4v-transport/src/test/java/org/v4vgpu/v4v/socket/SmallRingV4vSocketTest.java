package org.v4vgpu.v4v.socket;

import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;

/** The contract with the smallest rings, which wrap all the time. */
class SmallRingV4vSocketTest extends V4vSocketTest {
    @Override
    protected void prepare(Socket socket) throws SocketException {
        socket.setReceiveBufferSize(4096);
    }

    @Override
    protected void prepare(ServerSocket socket) throws SocketException {
        socket.setReceiveBufferSize(4096);
    }

    @Override
    protected long largeTransferBytes() {
        return 8L << 20;
    }
}
