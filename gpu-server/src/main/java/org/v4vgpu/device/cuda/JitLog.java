package org.v4vgpu.device.cuda;

import static org.v4vgpu.device.cuda.DriverLibrary.INT;
import static org.v4vgpu.device.cuda.DriverLibrary.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.v4vgpu.device.DeviceException;

/** What the driver's compiler and linker say is wrong, and the options that ask them to. Confined to one thread. */
final class JitLog {
    /** How many options there are. */
    static final int OPTIONS = 2;

    private static final int BYTES = 16 * 1024;

    private static final int ERROR_LOG_BUFFER = 5;
    private static final int ERROR_LOG_BUFFER_BYTES = 6;

    private final MemorySegment log;
    private final MemorySegment options;
    private final MemorySegment values;

    JitLog(Arena arena) {
        log = arena.allocate(BYTES);
        options = arena.allocateFrom(INT, ERROR_LOG_BUFFER, ERROR_LOG_BUFFER_BYTES);
        values = arena.allocateFrom(LONG, log.address(), BYTES);
    }

    /** CUjit_option[]. */
    MemorySegment options() {
        return options;
    }

    /** void*[]: where the log goes, and how long it may be. */
    MemorySegment values() {
        return values;
    }

    /** The driver's error, with the log's words where there are any. */
    DeviceException explain(DeviceException plain) {
        int length = 0;
        while (length < BYTES && log.get(ValueLayout.JAVA_BYTE, length) != 0) {
            length++;
        }
        String words =
                new String(log.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8).strip();
        return words.isEmpty() ? plain : new DeviceException(plain.status(), words);
    }
}
