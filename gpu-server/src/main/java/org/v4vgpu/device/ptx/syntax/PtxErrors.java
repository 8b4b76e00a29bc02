package org.v4vgpu.device.ptx.syntax;

import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** Collects what is wrong with a module, as a JIT error log has it. Confined to the compiling thread. */
public final class PtxErrors {
    private static final int LIMIT = 8;

    private final List<String> lines = new ArrayList<>();

    /** What ends the parsing or compiling of one statement. */
    public static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final int line;

        public Refusal(int line, String reason) {
            super(reason, null, false, false);
            this.line = line;
        }

        public int line() {
            return line;
        }
    }

    public void add(int line, String reason) throws DeviceException {
        lines.add("line " + line + ": " + reason);
        if (lines.size() >= LIMIT) {
            throwIfAny();
        }
    }

    public void add(Refusal refusal) throws DeviceException {
        add(refusal.line(), String.valueOf(refusal.getMessage()));
    }

    /**
     * Ends the compiling of a module that has errors.
     *
     * @throws DeviceException INVALID_PTX, with one line per error
     */
    public void throwIfAny() throws DeviceException {
        if (!lines.isEmpty()) {
            throw new DeviceException(CudaStatus.INVALID_PTX, String.join("\n", lines));
        }
    }
}
