package org.v4vgpu.v4v.socket;

import javax.net.ServerSocketFactory;
import javax.net.SocketFactory;

/** The contract on TCP over loopback: that it holds there makes it a contract. */
class PlainSocketTest extends SocketContract {
    @Override
    protected ServerSocketFactory openServerFactory() {
        return ServerSocketFactory.getDefault();
    }

    @Override
    protected SocketFactory openClientFactory() {
        return SocketFactory.getDefault();
    }

    @Override
    protected String host() {
        return "localhost";
    }

    @Override
    protected long wakeUpMillis() {
        return 10_000;
    }
}
