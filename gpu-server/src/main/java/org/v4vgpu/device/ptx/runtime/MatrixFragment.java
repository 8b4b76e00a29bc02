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
    public void run(ThreadBlock block, int first, int line) {
        int perLane = perLane(element, words);
        int bytes = element.bits() / 8;
        for (int thread = first; thread < first + 32; thread++) {
            block.faultThread = thread;
            long start = WarpOperation.wideOperand(block, 0, thread);
            long stride = WarpOperation.operand(block, 2, thread) & 0xFFFF_FFFFL;
            int word = 0;
            for (int i = 0; i < perLane; i++) {
                int at = ((thread - first) * perLane + i) % (rows * columns);
                int row = at / columns;
                int column = at % columns;
                long address = start + bytes * (rowMajor ? row * stride + column : column * stride + row);
                if (bytes == 8 && store) {
                    put(block, thread, address, WarpOperation.wideOperand(block, FIRST_VALUE + 2 * i, thread), line);
                } else if (bytes == 8) {
                    WarpOperation.wideResult(block, 2 * i, thread, get(block, thread, address, line));
                } else if (store) {
                    int value = WarpOperation.operand(block, FIRST_VALUE + i / element.perWord(), thread);
                    put(block, thread, address, value >>> (i % element.perWord() * element.bits()), line);
                } else {
                    int shift = i % element.perWord() * element.bits();
                    int part = (int) get(block, thread, address, line);
                    int mask = element.bits() == 32 ? -1 : (1 << element.bits()) - 1;
                    word = (shift == 0 ? 0 : word) | (part & mask) << shift;
                    WarpOperation.result(block, i / element.perWord(), thread, word);
                }
            }
        }
    }

    private long get(ThreadBlock block, int thread, long address, int line) {
        int bytes = element.bits() / 8;
        AccessChecks.access(block, thread, address, 0, bytes, AccessChecks.READ, line);
        try {
            return GenericAccess.get(block, thread * block.localStride, address, bytes);
        } catch (ArrayIndexOutOfBoundsException outside) {
            throw outside(address, bytes);
        }
    }

    private void put(ThreadBlock block, int thread, long address, long value, int line) {
        int bytes = element.bits() / 8;
        long stored = bytes == 8 ? value : value & (1L << element.bits()) - 1;
        AccessChecks.access(block, thread, address, stored, bytes, AccessChecks.WRITE | AccessChecks.VALUE, line);
        try {
            GenericAccess.put(block, thread * block.localStride, address, bytes, value);
        } catch (ArrayIndexOutOfBoundsException outside) {
            throw outside(address, bytes);
        }
    }

    /** The words of an array tell the wrong index, or none that people know. */
    private static KernelFault outside(long address, int bytes) {
        return (address & (bytes - 1)) != 0
                ? KernelFault.misaligned(address, bytes)
                : KernelFault.illegalAddress(address);
    }
}
