package org.v4vgpu.v4v.shm;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import org.v4vgpu.v4v.socket.V4vServerSocketFactory;

/** A server of sockets, a thread for each. */
class HostilePeerOfSocketsTest extends HostileStreamContract {
    private ServerSocket listener;

    @Override
    protected void serve() throws IOException {
        listener = new V4vServerSocketFactory(victim).createServerSocket((int) VICTIM.port());
        var _ = executor.submit(() -> {
            while (true) {
                Socket socket = listener.accept();
                var _ = executor.submit(() -> echo(socket));
            }
        });
    }

    private void echo(Socket socket) {
        byte[] bytes = new byte[10_000];
        try (socket) {
            int length = socket.getInputStream().read(bytes);
            while (length >= 0) {
                socket.getOutputStream().write(bytes, 0, length);
                length = socket.getInputStream().read(bytes);
            }
        } catch (IOException e) {
            return; // the contract
        } catch (RuntimeException | Error e) {
            unclean.add(e);
        } finally {
            ended.incrementAndGet();
        }
    }

    @Override
    protected void endServing() throws IOException {
        listener.close();
    }
}
