package org.v4vgpu.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({"1, 1", "4096, 4096", "10B, 10", "2k, 2048", "512M, 536870912", "2GiB, 2147483648", "1 TB, 1099511627776"})
    void readsWhatPeopleWrite(String text, long bytes) {
        assertEquals(bytes, ByteSize.parse(text).bytes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "-1", "M", "1.5G", "1X", "9999999999999999999", "9000000000G", "0x10"})
    void refusesTheRest(String text) {
        assertThrows(IllegalArgumentException.class, () -> ByteSize.parse(text));
    }
}
