package org.v4vgpu.device.blas;

import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.BlasOperation;

/** Level 1: vectors, a chunk at a time. For one thread. Source: the reference BLAS, netlib.org/blas. */
record VectorRoutines(BlasOperation operation, Elements a, Elements b, Elements c, Interruption interruption) {
    private static final int CHUNK = 64 * 1024;

    /** A part of a vector. */
    private interface Piece {
        void run(int from, int count);
    }

    private void inPieces(Piece piece) throws DeviceException {
        int n = operation.getN();
        for (int from = 0; from < n; from += CHUNK) {
            interruption.check();
            piece.run(from, Math.min(CHUNK, n - from));
            if (from > Integer.MAX_VALUE - CHUNK) {
                return;
            }
        }
    }

    private double[] loadA(int from, int count) {
        return a.load(operation.getN(), operation.getStepA(), from, count);
    }

    private double[] loadC(int from, int count) {
        return c.load(operation.getN(), operation.getStepC(), from, count);
    }

    private void storeC(int from, double[] values) {
        c.store(operation.getN(), operation.getStepC(), from, values);
    }

    void copy() throws DeviceException {
        inPieces((from, count) -> storeC(from, loadA(from, count)));
    }

    void swap() throws DeviceException {
        inPieces((from, count) -> {
            double[] values = loadA(from, count);
            a.store(operation.getN(), operation.getStepA(), from, loadC(from, count));
            storeC(from, values);
        });
    }

    void scale(double alpha) throws DeviceException {
        if (operation.getStepC() <= 0) {
            return;
        }
        inPieces((from, count) -> {
            double[] values = loadC(from, count);
            Arithmetic.LIBRARY.dscal(count, alpha, values, 1);
            storeC(from, values);
        });
    }

    void add(double alpha) throws DeviceException {
        if (alpha == 0) {
            return;
        }
        inPieces((from, count) -> {
            double[] values = loadC(from, count);
            Arithmetic.LIBRARY.daxpy(count, alpha, loadA(from, count), 1, values, 1);
            storeC(from, values);
        });
    }

    double dot() throws DeviceException {
        double[] sum = new double[1];
        int n = operation.getN();
        inPieces((from, count) -> sum[0] +=
                Arithmetic.LIBRARY.ddot(count, loadA(from, count), 1, b.load(n, operation.getStepB(), from, count), 1));
        return sum[0];
    }

    /** Scaled, so that squares neither overflow nor vanish. */
    double norm() throws DeviceException {
        double largest = largest();
        if (largest == 0 || Double.isNaN(largest) || Double.isInfinite(largest)) {
            return largest;
        }
        double[] sum = new double[1];
        inPieces((from, count) -> {
            double[] values = loadA(from, count);
            for (double value : values) {
                double scaled = value / largest;
                sum[0] += scaled * scaled;
            }
        });
        return largest * Math.sqrt(sum[0]);
    }

    double sumOfMagnitudes() throws DeviceException {
        if (operation.getStepA() <= 0) {
            return 0;
        }
        double[] sum = new double[1];
        inPieces((from, count) -> sum[0] += Arithmetic.LIBRARY.dasum(count, loadA(from, count), 1));
        return sum[0];
    }

    /** Counted from 1; the first one of several; 0 if there is none. */
    double indexOfLargest() throws DeviceException {
        if (operation.getStepA() <= 0 || operation.getN() == 0) {
            return 0;
        }
        double[] largest = {Double.NEGATIVE_INFINITY, 1};
        inPieces((from, count) -> {
            double[] values = loadA(from, count);
            for (int i = 0; i < count; i++) {
                if (Math.abs(values[i]) > largest[0]) {
                    largest[0] = Math.abs(values[i]);
                    largest[1] = from + i + 1;
                }
            }
        });
        return largest[1];
    }

    /** The largest magnitude, NaN if there is one. */
    private double largest() throws DeviceException {
        double[] largest = new double[1];
        if (operation.getStepA() > 0) {
            inPieces((from, count) -> {
                for (double value : loadA(from, count)) {
                    largest[0] = Math.max(largest[0], Math.abs(value));
                }
            });
        }
        return largest[0];
    }
}
