package org.v4vgpu.v4v.socket;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Waits end: by data, time, closes of either side, and not by an interrupt. */
abstract class SocketWaitContract extends SocketStreamContract {
    @Test
    void endsAWaitingReadWhenItsInputIsShutDown() throws Exception {
        Future<Integer> read = executor.submit(() -> client.getInputStream().read());
        assertWaits(read);
        client.shutdownInput();
        assertEquals(-1, read.get(wakeUpMillis(), MILLISECONDS));
    }

    @Test
    void timesOutAReadAndReadsOn() throws Exception {
        server.setSoTimeout(50);
        assertEquals(50, server.getSoTimeout());
        long start = System.nanoTime();
        assertThrows(SocketTimeoutException.class, () -> server.getInputStream().read());
        assertTrue(System.nanoTime() - start >= MILLISECONDS.toNanos(45), "too early");
        assertThrows(SocketTimeoutException.class, () -> server.getInputStream().read(new byte[10]));
        client.getOutputStream().write(new byte[] {1, 2, 3});
        server.setSoTimeout(10_000);
        assertArrayEquals(new byte[] {1, 2, 3}, server.getInputStream().readNBytes(3));
        server.setSoTimeout(0);
        Future<Integer> read = executor.submit(() -> server.getInputStream().read());
        assertWaits(read);
        client.getOutputStream().write(4);
        assertEquals(4, read.get(wakeUpMillis(), MILLISECONDS));
    }

    @Test
    void timesOutAnAcceptAndAcceptsOn() throws Exception {
        listener.setSoTimeout(50);
        assertThrows(SocketTimeoutException.class, () -> listener.accept());
        try (Socket one = connect();
                Socket accepted = listener.accept()) {
            one.getOutputStream().write(5);
            assertEquals(5, accepted.getInputStream().read());
            assertEquals(0, accepted.getSoTimeout(), "of the listener only");
        }
    }

    @Test
    void wakesAReaderSoon() throws Exception {
        for (int i = 0; i < 3; i++) {
            Future<Integer> read = executor.submit(() -> server.getInputStream().read());
            assertWaits(read);
            client.getOutputStream().write(i);
            assertEquals(i, read.get(wakeUpMillis(), MILLISECONDS));
        }
    }

    @Test
    void endsAWaitingReadByAClose() throws Exception {
        assertClosedBy(() -> client.getInputStream().read(new byte[10]), client);
    }

    @Test
    void endsAWaitingWriteByAClose() throws Exception {
        assertClosedBy(
                () -> {
                    while (true) {
                        client.getOutputStream().write(new byte[100_000]);
                    }
                },
                client);
    }

    @Test
    void endsAWaitingAcceptByAClose() throws Exception {
        Future<Socket> accepted = executor.submit(() -> listener.accept());
        assertWaits(accepted);
        listener.close();
        assertTrue(String.valueOf(failure(SocketException.class, accepted).getMessage())
                .startsWith("Socket closed"));
        assertThrows(SocketException.class, () -> listener.accept());
        assertTrue(listener.isClosed());
        client.getOutputStream().write(1);
        assertEquals(1, server.getInputStream().read(), "what was accepted lives on");
    }

    private void assertClosedBy(Callable<?> wait, Socket socket) throws Exception {
        Future<?> waiting = executor.submit(wait);
        assertWaits(waiting);
        socket.close();
        assertEquals("Socket closed", failure(SocketException.class, waiting).getMessage());
    }

    @Test
    void failsWritesToAPeerThatHasClosed() throws Exception {
        server.close();
        assertThrows(SocketException.class, () -> {
            while (true) {
                client.getOutputStream().write(new byte[1000]);
            }
        });
    }

    @Test
    void endsAWaitingWriteWhenThePeerCloses() throws Exception {
        Future<?> writing = executor.submit(() -> {
            while (true) {
                client.getOutputStream().write(new byte[100_000]);
            }
        });
        assertWaits(writing);
        server.close();
        failure(SocketException.class, writing);
    }

    @Test
    void resetsThePeerWhenNothingMayLinger() throws Exception {
        client.setSoLinger(true, 0);
        assertEquals(0, client.getSoLinger());
        client.close();
        assertThrows(SocketException.class, () -> server.getInputStream().read());
        assertThrows(SocketException.class, () -> server.getInputStream().read(), "and again");
    }

    @Test
    void goesOnWhenInterrupted() throws Exception {
        Future<Boolean> read = executor.submit(() -> {
            Thread.currentThread().interrupt();
            int value = server.getInputStream().read();
            assertEquals(6, value);
            return Thread.interrupted();
        });
        assertWaits(read);
        client.getOutputStream().write(6);
        assertTrue(read.get(wakeUpMillis(), MILLISECONDS), "the interrupt is still pending");
    }

    @Test
    void endsConnectionsThatNobodyAcceptedWithTheirListener() throws Exception {
        try (Socket waiting = connect()) {
            listener.close();
            try {
                assertEquals(-1, waiting.getInputStream().read());
            } catch (SocketException e) {
                assertTrue(String.valueOf(e.getMessage()).contains("reset"), e.getMessage());
            }
        }
    }
}
