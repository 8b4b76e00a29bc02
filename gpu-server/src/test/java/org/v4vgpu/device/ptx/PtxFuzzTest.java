package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertFalse;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.device.DeviceException;

/** Any text as PTX, or a kernel of nvcc's that was tampered with: it is a module or is refused, and nothing else. */
final class PtxFuzzTest {
    private static final List<String> KERNELS = List.of("vecadd", "reduce", "histogram", "devfunc");

    @FuzzTest(maxDuration = "10s")
    void isModuleOrRefused(FuzzedDataProvider data) throws IOException {
        String text = data.consumeBoolean() ? tampered(data) : data.consumeRemainingAsString();
        try {
            CompiledModule.compile(text);
        } catch (DeviceException e) {
            // What a bad text deserves, unless the compiler says by it that it went wrong itself.
            assertFalse(String.valueOf(e.getMessage()).startsWith("the compiler failed"), () -> text + e);
        }
    }

    private static String tampered(FuzzedDataProvider data) throws IOException {
        List<String> lines =
                new ArrayList<>(kernel(data.pickValue(KERNELS)).lines().toList());
        while (data.remainingBytes() > 0 && !lines.isEmpty()) {
            int line = data.consumeInt(0, lines.size() - 1);
            switch (data.consumeInt(0, 3)) {
                case 0 -> lines.remove(line);
                case 1 -> lines.add(line, lines.get(data.consumeInt(0, lines.size() - 1)));
                case 2 -> lines.add(line, data.consumeString(40));
                default -> {
                    String old = lines.get(line);
                    int from = data.consumeInt(0, old.length());
                    int to = data.consumeInt(from, old.length());
                    lines.set(line, old.substring(0, from) + data.consumeString(8) + old.substring(to));
                }
            }
        }
        return String.join("\n", lines);
    }

    private static String kernel(String name) throws IOException {
        try (InputStream in = PtxFuzzTest.class.getResourceAsStream("/kernels/" + name + ".ptx")) {
            if (in == null) {
                throw new IOException(name + ".ptx is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
