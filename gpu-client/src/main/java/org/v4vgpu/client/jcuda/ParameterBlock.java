package org.v4vgpu.client.jcuda;

import java.lang.foreign.MemorySegment;

/** The calling thread's space for the parameters of one launch: the next one takes it again, so that launches leave no garbage. */
final class ParameterBlock {
    private static final ThreadLocal<ParameterBlock> MINE = ThreadLocal.withInitial(ParameterBlock::new);

    private MemorySegment bytes = MemorySegment.NULL;

    private ParameterBlock() {}

    /** So many bytes, of any value, until the thread asks again. */
    static MemorySegment ofThread(int count) {
        ParameterBlock mine = MINE.get();
        if (mine.bytes.byteSize() != count) {
            mine.bytes = MemorySegment.ofArray(new byte[count]);
        }
        return mine.bytes;
    }
}
