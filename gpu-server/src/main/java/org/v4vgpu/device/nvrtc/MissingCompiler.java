package org.v4vgpu.device.nvrtc;

import java.util.List;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** Where nothing can be compiled, and why. Immutable. */
record MissingCompiler(String unavailabilityCause) implements ProgramCompiler {
    @Override
    public String name() {
        return "none";
    }

    @Override
    public int majorVersion() {
        return 0;
    }

    @Override
    public int minorVersion() {
        return 0;
    }

    @Override
    public List<Integer> architectures() {
        return List.of();
    }

    @Override
    public Compilation compile(Program program) throws DeviceException {
        throw new DeviceException(CudaStatus.NOT_SUPPORTED, unavailabilityCause);
    }
}
