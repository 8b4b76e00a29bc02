package org.v4vgpu.device.nvrtc;

import java.util.List;

/**
 * What a compiler says of itself. Immutable.
 *
 * @param major of CUDA's version that it belongs to
 * @param architectures the virtual ones that it compiles for: 75 for compute_75
 */
record CompilerVersion(int major, int minor, List<Integer> architectures) {
    @Override
    public String toString() {
        return major + "." + minor;
    }
}
