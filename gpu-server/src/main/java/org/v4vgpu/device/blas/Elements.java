package org.v4vgpu.device.blas;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Numbers of single or double precision in device memory, read and written as doubles: single precision is computed in double and
 * rounded once. As thread-safe as the memory.
 *
 * @param wide double instead of float
 */
record Elements(MemorySegment memory, boolean wide) {
    double get(long index) {
        return wide
                ? memory.getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, index)
                : memory.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index);
    }

    void set(long index, double value) {
        if (wide) {
            memory.setAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, index, value);
        } else {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index, (float) value);
        }
    }

    // ---- vectors, whose elements go backwards from the end of their memory if the step is negative (BLAS)

    /** The elements from {@code from} on of a vector of {@code length}. */
    double[] load(int length, int step, int from, int count) {
        double[] values = new double[count];
        if (wide && step == 1) {
            MemorySegment.copy(memory, ValueLayout.JAVA_DOUBLE_UNALIGNED, (long) from * Double.BYTES, values, 0, count);
            return values;
        }
        for (int i = 0; i < count; i++) {
            values[i] = get(position(length, step, from + i));
        }
        return values;
    }

    double[] load(int length, int step) {
        return load(length, step, 0, length);
    }

    void store(int length, int step, int from, double[] values) {
        for (int i = 0; i < values.length; i++) {
            set(position(length, step, from + i), values[i]);
        }
    }

    private static long position(int length, int step, int index) {
        return step < 0 ? (length - 1L - index) * -(long) step : (long) index * step;
    }

    // ---- matrices, column-major

    /** A part of a matrix, packed: its leading dimension is {@code rows}. */
    double[] load(int leading, int row, int rows, int column, int columns) {
        double[] values = new double[Math.multiplyExact(rows, columns)];
        for (int j = 0; j < columns; j++) {
            long at = (column + (long) j) * leading + row;
            if (wide) {
                MemorySegment.copy(
                        memory, ValueLayout.JAVA_DOUBLE_UNALIGNED, at * Double.BYTES, values, j * rows, rows);
            } else {
                for (int i = 0; i < rows; i++) {
                    values[j * rows + i] = memory.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, at + i);
                }
            }
        }
        return values;
    }

    float[] loadFloats(int leading, int row, int rows, int column, int columns) {
        float[] values = new float[Math.multiplyExact(rows, columns)];
        for (int j = 0; j < columns; j++) {
            long at = (column + (long) j) * leading + row;
            MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT_UNALIGNED, at * Float.BYTES, values, j * rows, rows);
        }
        return values;
    }

    void store(int leading, int row, int rows, int column, int columns, double[] values) {
        for (int j = 0; j < columns; j++) {
            long at = (column + (long) j) * leading + row;
            if (wide) {
                MemorySegment.copy(
                        values, j * rows, memory, ValueLayout.JAVA_DOUBLE_UNALIGNED, at * Double.BYTES, rows);
            } else {
                for (int i = 0; i < rows; i++) {
                    memory.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, at + i, (float) values[j * rows + i]);
                }
            }
        }
    }

    void store(int leading, int row, int rows, int column, int columns, float[] values) {
        for (int j = 0; j < columns; j++) {
            long at = (column + (long) j) * leading + row;
            MemorySegment.copy(values, j * rows, memory, ValueLayout.JAVA_FLOAT_UNALIGNED, at * Float.BYTES, rows);
        }
    }
}
