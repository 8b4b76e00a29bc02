package org.v4vgpu.device.ptx.runtime;

/**
 * wmma.load and wmma.store: a matrix in any memory, spread over the registers of a warp. Which element a lane has is not specified
 * by PTX; here lane {@code l} has, of {@code n} elements per lane, those from {@code l n} on, around and around where there are more
 * places than elements. Operands are the generic address in two words, the stride in elements and, of a store, the values.
 * Source: PTX ISA 9.7.15.3 and 9.7.15.4.
 *
 * @param words per lane
 * @param rowMajor whether the elements of a row are neighbours in memory
 */
public record MatrixFragment(boolean store, MatrixElement element, int rows, int columns, int words, boolean rowMajor)
        implements WarpOperation {
    private static final int FIRST_VALUE = 3;

    /** Elements per lane. */
    static int perLane(MatrixElement element, int words) {
        return element.bits() == 64 ? words / 2 : words * element.perWord();
    }

    @Override
    public boolean isStore() {
        return store;
    }

    @Override
    public void run(ThreadBlock block, int first) {
        int perLane = perLane(element, words);
        int bytes = element.bits() / 8;
        for (int thread = first; thread < first + 32; thread++) {
            block.faultThread = thread;
            int localBase = thread * block.localStride;
            long start = WarpOperation.wideOperand(block, 0, thread);
            long stride = WarpOperation.operand(block, 2, thread) & 0xFFFF_FFFFL;
            int word = 0;
            for (int i = 0; i < perLane; i++) {
                int at = ((thread - first) * perLane + i) % (rows * columns);
                int row = at / columns;
                int column = at % columns;
                long address = start + bytes * (rowMajor ? row * stride + column : column * stride + row);
                if (bytes == 8 && store) {
                    long value = WarpOperation.wideOperand(block, FIRST_VALUE + 2 * i, thread);
                    GenericAccess.put(block, localBase, address, bytes, value);
                } else if (bytes == 8) {
                    WarpOperation.wideResult(block, 2 * i, thread, GenericAccess.get(block, localBase, address, bytes));
                } else if (store) {
                    int value = WarpOperation.operand(block, FIRST_VALUE + i / element.perWord(), thread);
                    int part = value >>> (i % element.perWord() * element.bits());
                    GenericAccess.put(block, localBase, address, bytes, part);
                } else {
                    int shift = i % element.perWord() * element.bits();
                    int part = (int) GenericAccess.get(block, localBase, address, bytes);
                    int mask = element.bits() == 32 ? -1 : (1 << element.bits()) - 1;
                    word = (shift == 0 ? 0 : word) | (part & mask) << shift;
                    WarpOperation.result(block, i / element.perWord(), thread, word);
                }
            }
        }
    }
}
