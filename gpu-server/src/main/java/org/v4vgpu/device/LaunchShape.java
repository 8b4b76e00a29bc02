package org.v4vgpu.device;

/** Grid, block and dynamic shared memory of a launch, as cuLaunchKernel takes them. */
public record LaunchShape(int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int sharedBytes) {
    public long blocks() {
        return (long) gridX * gridY * gridZ;
    }

    public long threadsPerBlock() {
        return (long) blockX * blockY * blockZ;
    }
}
