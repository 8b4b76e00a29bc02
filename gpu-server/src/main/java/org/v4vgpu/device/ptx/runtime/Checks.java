package org.v4vgpu.device.ptx.runtime;

/**
 * What kernels are watched for beyond what always ends them. A kernel is compiled for its checks: without them it holds no code of
 * theirs.
 *
 * @param memory reads of shared memory that no thread of the block has written; global accesses beyond the last byte of an allocation
 * @param race accesses of shared memory by two threads, one of them a write, that no barrier orders
 */
public record Checks(boolean memory, boolean race) {
    public static final Checks NONE = new Checks(false, false);

    public boolean isAny() {
        return memory || race;
    }
}
