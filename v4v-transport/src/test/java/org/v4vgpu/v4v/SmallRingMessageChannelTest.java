package org.v4vgpu.v4v;

/** The contract over V4V with rings that wrap all the time, at ever new offsets. */
class SmallRingMessageChannelTest extends SharedMemoryMessageChannelTest {
    @Override
    protected int ringBytes() {
        return 16_400;
    }
}
