package org.v4vgpu.v4v.socket;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/** Bytes of any number come whole and in order, and then their end. */
abstract class SocketStreamContract extends SocketPair {
    @Test
    void echoesBytesOfAllLengths() throws Exception {
        Future<?> echo = executor.submit(() -> {
            byte[] buffer = new byte[10_000];
            int n;
            while ((n = server.getInputStream().read(buffer, 7, 9_000)) >= 0) {
                server.getOutputStream().write(buffer, 7, n);
            }
            server.close();
            return null;
        });
        Random random = new Random(1);
        for (int length : new int[] {1, 2, 15, 16, 17, 31, 32, 33, 4095, 4096, 8192, 8193, 100_000}) {
            byte[] sent = bytes(random, length);
            Future<?> written = executor.submit(() -> {
                client.getOutputStream().write(sent);
                return null;
            });
            assertArrayEquals(sent, client.getInputStream().readNBytes(length), "of " + length);
            written.get(10, SECONDS);
        }
        client.getOutputStream().write(200);
        assertEquals(200, client.getInputStream().read());
        client.shutdownOutput();
        assertEquals(-1, client.getInputStream().read());
        echo.get(10, SECONDS);
    }

    @Test
    void readsEverythingThatWasWrittenBeforeAClose() throws Exception {
        byte[] sent = bytes(new Random(2), 3_000);
        client.getOutputStream().write(sent);
        client.close();
        assertArrayEquals(sent, server.getInputStream().readAllBytes());
        assertEquals(-1, server.getInputStream().read());
        assertEquals(-1, server.getInputStream().read(new byte[5]));
        assertEquals(0, server.getInputStream().available());
    }

    @Test
    void goesOnInOneDirectionWhenTheOtherHasEnded() throws Exception {
        client.getOutputStream().write("question".getBytes(US_ASCII));
        client.shutdownOutput();
        assertTrue(client.isOutputShutdown());
        assertFalse(client.isInputShutdown());
        assertEquals("question", new String(server.getInputStream().readAllBytes(), US_ASCII));
        server.getOutputStream().write("answer".getBytes(US_ASCII));
        assertEquals("answer", new String(client.getInputStream().readNBytes(6), US_ASCII));
        assertThrows(SocketException.class, () -> client.getOutputStream());
        assertThrows(SocketException.class, () -> client.shutdownOutput());
        server.shutdownOutput();
        assertEquals(-1, client.getInputStream().read());
    }

    @Test
    void refusesWritesAfterItsOutputWasShutDown() throws Exception {
        OutputStream out = client.getOutputStream();
        client.shutdownOutput();
        assertThrows(SocketException.class, () -> out.write(new byte[100]));
        assertThrows(SocketException.class, () -> out.write(1));
    }

    @Test
    void endsItsInputWhenThatIsShutDownAndThePeerMayWriteOn() throws Exception {
        InputStream in = client.getInputStream();
        server.getOutputStream().write(new byte[10]);
        client.shutdownInput();
        assertTrue(client.isInputShutdown());
        assertEquals(-1, in.read());
        assertEquals(0, in.available());
        assertThrows(SocketException.class, () -> client.getInputStream());
        server.getOutputStream().write(new byte[1000]);
        client.getOutputStream().write(7);
        assertEquals(7, server.getInputStream().read());
        assertEquals(-1, in.read(new byte[10]));
    }

    @Test
    void saysTheEndAgainAfterItsOwnClose() throws Exception {
        InputStream in = server.getInputStream();
        client.close();
        assertEquals(-1, in.read());
        server.close();
        assertEquals(-1, in.read());
    }

    @Test
    void losesNothingWithALingeringClose() throws Exception {
        client.setSoLinger(true, 5);
        client.getOutputStream().write(new byte[500]);
        client.close();
        assertEquals(500, server.getInputStream().readAllBytes().length);
    }

    @Test
    void countsWhatIsAvailable() throws Exception {
        InputStream in = server.getInputStream();
        assertEquals(0, in.available());
        byte[] sent = bytes(new Random(3), 1000);
        for (int i = 0; i < 10; i++) {
            client.getOutputStream().write(sent, i * 100, 100);
        }
        awaitAvailable(in, 1000);
        assertArrayEquals(Arrays.copyOfRange(sent, 0, 150), in.readNBytes(150));
        assertEquals(850, in.available());
        assertEquals(850, in.available());
        client.getOutputStream().write(sent, 0, 50);
        awaitAvailable(in, 900);
        assertArrayEquals(Arrays.copyOfRange(sent, 150, 1000), in.readNBytes(850));
        client.shutdownOutput();
        assertEquals(50, in.readAllBytes().length);
        assertEquals(0, in.available());
    }

    private static void awaitAvailable(InputStream in, int bytes) throws IOException {
        while (in.available() < bytes) {
            Thread.onSpinWait(); // TCP may take its time
        }
        assertEquals(bytes, in.available());
    }

    @Test
    void readsAndWritesNothingOfNoLength() throws Exception {
        InputStream in = server.getInputStream();
        assertEquals(0, in.read(new byte[0]));
        assertEquals(0, in.read(new byte[5], 5, 0));
        client.getOutputStream().write(new byte[0]);
        client.getOutputStream().write(new byte[] {9, 8}, 1, 1);
        assertEquals(8, in.read());
        assertThrows(IndexOutOfBoundsException.class, () -> in.read(new byte[5], 3, 3));
        assertThrows(IndexOutOfBoundsException.class, () -> in.read(new byte[5], -1, 3));
        assertThrows(
                IndexOutOfBoundsException.class, () -> client.getOutputStream().write(new byte[5], 3, 3));
        assertEquals(0, in.skip(0));
        client.getOutputStream().write(new byte[] {1, 2, 3});
        in.skipNBytes(2);
        assertEquals(3, in.read());
    }

    @Test
    void carriesMuchInBothDirectionsAtOnce() throws Exception {
        long total = largeTransferBytes();
        Future<Long> clientSent = executor.submit(() -> write(client, total, 4));
        Future<Long> serverSent = executor.submit(() -> write(server, total, 5));
        Future<Long> serverRead = executor.submit(() -> read(server));
        Future<Long> clientRead = executor.submit(() -> read(client));
        assertEquals(clientSent.get(40, SECONDS), serverRead.get(40, SECONDS));
        assertEquals(serverSent.get(40, SECONDS), clientRead.get(40, SECONDS));
    }

    private static long write(Socket socket, long total, int seed) throws IOException {
        Random random = new Random(seed);
        CRC32 checksum = new CRC32();
        byte[] bytes = bytes(random, 300_000);
        long left = total;
        while (left > 0) {
            int length = (int) Math.min(left, 1 + random.nextInt(bytes.length));
            int from = random.nextInt(bytes.length - length + 1);
            socket.getOutputStream().write(bytes, from, length);
            checksum.update(bytes, from, length);
            left -= length;
        }
        socket.shutdownOutput();
        return checksum.getValue() ^ total << 32;
    }

    private static long read(Socket socket) throws IOException {
        byte[] bytes = new byte[100_000];
        CRC32 checksum = new CRC32();
        long total = 0;
        int length;
        while ((length = socket.getInputStream().read(bytes)) >= 0) {
            checksum.update(bytes, 0, length);
            total += length;
        }
        return checksum.getValue() ^ total << 32;
    }

    @Test
    void keepsEachWriteWholeAmongManyWriters() throws Exception {
        int writers = 4;
        int rounds = 300;
        int length = 1000;
        for (int i = 1; i <= writers; i++) {
            byte[] block = new byte[length];
            Arrays.fill(block, (byte) i);
            var _ = executor.submit(() -> {
                for (int round = 0; round < rounds; round++) {
                    client.getOutputStream().write(block);
                }
                return null;
            });
        }
        int[] seen = new int[writers + 1];
        for (int i = 0; i < writers * rounds; i++) {
            byte[] block = server.getInputStream().readNBytes(length);
            for (byte b : block) {
                assertEquals(block[0], b, "two writes are mixed");
            }
            seen[block[0]]++;
        }
        assertEquals(0, seen[0]);
        for (int i = 1; i <= writers; i++) {
            assertEquals(rounds, seen[i]);
        }
    }
}
