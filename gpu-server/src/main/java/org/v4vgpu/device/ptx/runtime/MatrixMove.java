package org.v4vgpu.device.ptx.runtime;

/**
 * ldmatrix, stmatrix, movmatrix: matrices of 8 x 8 values of 16 bits between rows in shared memory and registers, of which each lane
 * has two neighbours in a row (or in a column, when transposed). Lanes 8 m .. 8 m + 7 bring the addresses of the rows of matrix m.
 * Source: PTX ISA 9.7.15.4.15 to 9.7.15.4.17.
 *
 * @param count of matrices: 1, 2 or 4
 */
public record MatrixMove(Kind kind, int count, boolean transposed) implements WarpOperation {
    /** Where from and where to. */
    public enum Kind {
        LOAD,
        STORE,
        /** From registers to registers, always transposed. */
        TRANSPOSE
    }

    private static final int ROW_BYTES = 16;

    @Override
    public void run(ThreadBlock block, int first, int line) {
        if (block.checks != null && kind != Kind.TRANSPOSE) {
            watch(block, first, line);
        }
        for (int matrix = 0; matrix < count; matrix++) {
            for (int lane = 0; lane < 32; lane++) {
                block.faultThread = first + lane;
                switch (kind) {
                    case LOAD -> WarpOperation.result(block, matrix, first + lane, load(block, first, matrix, lane));
                    case STORE -> store(block, first, matrix, lane);
                    case TRANSPOSE ->
                        WarpOperation.result(
                                block,
                                0,
                                first + lane,
                                element(block, first, 2 * (lane & 3), lane >> 2)
                                        | element(block, first, 2 * (lane & 3) + 1, lane >> 2) << 16);
                }
            }
        }
    }

    /** Each row is accessed by the lane that brings its address. */
    private void watch(ThreadBlock block, int first, int line) {
        int access = AccessChecks.SHARED | (kind == Kind.STORE ? AccessChecks.WRITE : AccessChecks.READ);
        for (int row = 0; row < 8 * count; row++) {
            block.faultThread = first + row;
            int address = WarpOperation.operand(block, 0, first + row);
            AccessChecks.access(block, first + row, address, 0, ROW_BYTES, access, line);
        }
    }

    private int load(ThreadBlock block, int first, int matrix, int lane) {
        int major = lane >> 2;
        int minor = 2 * (lane & 3);
        if (!transposed) {
            return block.shared[(row(block, first, matrix, major) + 2 * minor) >> 2];
        }
        int low = WordAccess.getShort(block.shared, row(block, first, matrix, minor) + 2 * major);
        int high = WordAccess.getShort(block.shared, row(block, first, matrix, minor + 1) + 2 * major);
        return (low & 0xFFFF) | high << 16;
    }

    private void store(ThreadBlock block, int first, int matrix, int lane) {
        int value = WarpOperation.operand(block, 1 + matrix, first + lane);
        int major = lane >> 2;
        int minor = 2 * (lane & 3);
        if (!transposed) {
            block.shared[(row(block, first, matrix, major) + 2 * minor) >> 2] = value;
            return;
        }
        WordAccess.putShort(block.shared, row(block, first, matrix, minor) + 2 * major, (short) value);
        WordAccess.putShort(block.shared, row(block, first, matrix, minor + 1) + 2 * major, (short) (value >>> 16));
    }

    /** The checked address of a row. */
    private static int row(ThreadBlock block, int first, int matrix, int row) {
        int address = WarpOperation.operand(block, 0, first + 8 * matrix + row);
        if ((address & (ROW_BYTES - 1)) != 0) {
            throw KernelFault.misaligned(address, ROW_BYTES);
        }
        if (address < 0 || address > block.sharedBytes - ROW_BYTES) {
            throw KernelFault.illegalAddress(GenericAccess.SHARED_WINDOW + (address & 0xFFFF_FFFFL));
        }
        return address;
    }

    private static int element(ThreadBlock block, int first, int row, int column) {
        int word = WarpOperation.operand(block, 0, first + 4 * row + column / 2);
        return (word >>> (16 * (column & 1))) & 0xFFFF;
    }
}
