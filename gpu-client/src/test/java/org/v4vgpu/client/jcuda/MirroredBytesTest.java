package org.v4vgpu.client.jcuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What comes back from the device, and what the host keeps. */
final class MirroredBytesTest {
    @Test
    void bringsBackWhatTheDeviceChangedAndNothingElse() {
        Random random = new Random(7);
        for (int round = 0; round < 200; round++) {
            byte[] before = new byte[1 + random.nextInt(3000)];
            random.nextBytes(before);
            byte[] device = before.clone();
            byte[] host = before.clone();
            byte[] expected = before.clone();
            for (int i = random.nextInt(40); i > 0; i--) {
                int at = random.nextInt(before.length);
                host[at] ^= 0x40;
                expected[at] = host[at];
            }
            for (int i = random.nextInt(40); i > 0; i--) {
                int at = random.nextInt(before.length);
                device[at] = (byte) (before[at] + 1);
                expected[at] = device[at];
            }
            MirroredBytes.merge(
                    MemorySegment.ofArray(device), MemorySegment.ofArray(before), MemorySegment.ofArray(host));
            assertArrayEquals(expected, host);
        }
    }
}
