package org.v4vgpu.stencil.program;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The matrix product on the CPU in double precision, and how far a product in single precision may be from it. Safe for any
 * thread.
 *
 * <p>Tolerance of element (i, j): {@code 8 sqrt(n) u |a_i| |b_j|} with {@code u = 2^-24} and Euclidean norms of the row and the
 * column. The n rounding errors of a sum in any order grow with sqrt(n), save with a probability of 2 exp(-32) per rounding
 * (Higham and Mary, "A new approach to probabilistic rounding error analysis", 2019, with lambda = 8), and the norms bound the
 * sum of the products' magnitudes (Cauchy and Schwarz). A single product left out or doubled exceeds it by far.
 */
final class MatrixReference {
    /** Rows that are computed together, so that they share one pass over {@code b}. */
    private static final int ROWS = 4;

    private static final double LAMBDA = 8;
    private static final double UNIT_ROUNDOFF = 0x1p-24;

    private MatrixReference() {}

    static Workload.Verdict compare(float[] a, float[] b, float[] c, int n) {
        double[] columnNorms = columnNorms(b, n);
        return IntStream.range(0, (n + ROWS - 1) / ROWS)
                .parallel()
                .mapToObj(block -> compareRows(a, b, c, n, Math.min(block * ROWS, Math.max(n - ROWS, 0)), columnNorms))
                .reduce(MatrixReference::worse)
                .orElseThrow();
    }

    /** Compares {@link #ROWS} rows (the last rows of the matrix may be compared twice), or all of a smaller matrix. */
    private static Workload.Verdict compareRows(
            float[] a, float[] b, float[] c, int n, int firstRow, double[] columnNorms) {
        int rows = Math.min(ROWS, n);
        double[][] sums = new double[rows][n];
        for (int k = 0; k < n; k++) {
            for (int row = 0; row < rows; row++) {
                addScaled(sums[row], a[(firstRow + row) * n + k], b, k * n);
            }
        }
        Workload.Verdict worst = new Workload.Verdict(true, 0, 0);
        for (int row = 0; row < rows; row++) {
            int offset = (firstRow + row) * n;
            worst = worse(worst, compareRow(sums[row], c, offset, norm(a, offset, n), columnNorms));
        }
        return worst;
    }

    private static void addScaled(double[] sums, double factor, float[] b, int offset) {
        for (int column = 0; column < sums.length; column++) {
            sums[column] += factor * b[offset + column];
        }
    }

    private static Workload.Verdict compareRow(
            double[] sums, float[] c, int offset, double rowNorm, double[] columnNorms) {
        double factor = LAMBDA * Math.sqrt(sums.length) * UNIT_ROUNDOFF * rowNorm;
        boolean verified = true;
        double worstError = 0;
        double worstTolerance = 0;
        for (int column = 0; column < sums.length; column++) {
            double error = Math.abs(sums[column] - c[offset + column]);
            double tolerance = factor * columnNorms[column];
            boolean within = error <= tolerance; // false for NaN
            if (verified == within ? Double.compare(error, worstError) > 0 : verified) {
                worstError = error;
                worstTolerance = tolerance;
            }
            verified &= within;
        }
        return new Workload.Verdict(verified, worstError, worstTolerance);
    }

    /** Keeps what failed, and of two alike the larger error. */
    private static Workload.Verdict worse(Workload.Verdict left, Workload.Verdict right) {
        if (left.verified() != right.verified()) {
            return left.verified() ? right : left;
        }
        return Double.compare(left.maximumError(), right.maximumError()) >= 0 ? left : right;
    }

    private static double norm(float[] a, int offset, int n) {
        double square = 0;
        for (int k = 0; k < n; k++) {
            square += (double) a[offset + k] * a[offset + k];
        }
        return Math.sqrt(square);
    }

    private static double[] columnNorms(float[] b, int n) {
        double[] norms = new double[n];
        for (int row = 0; row < n; row++) {
            for (int column = 0; column < n; column++) {
                double value = b[row * n + column];
                norms[column] += value * value;
            }
        }
        Arrays.setAll(norms, column -> Math.sqrt(norms[column]));
        return norms;
    }
}
