package org.v4vgpu.device.blas;

import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.BlasOperation;

/** Level 2, and of level 3 what is no product: a panel of columns at a time. For one thread. Source: the reference BLAS. */
record MatrixRoutines(BlasOperation operation, Elements a, Elements b, Elements c, Interruption interruption) {
    private static final int PANEL_ELEMENTS = 256 * 1024;

    /** Some columns of a matrix. */
    private interface Panel {
        void run(int column, int columns);
    }

    private void inPanels(int rows, int columns, Panel panel) throws DeviceException {
        int width = Math.max(1, PANEL_ELEMENTS / Math.max(1, rows));
        for (long column = 0; column < columns; column += width) {
            interruption.check();
            panel.run((int) column, (int) Math.min(width, columns - column));
        }
    }

    void multiplyVector(double alpha, double beta) throws DeviceException {
        int m = operation.getM();
        int n = operation.getN();
        if (m == 0 || n == 0 || (alpha == 0 && beta == 1)) {
            return;
        }
        boolean isTransposed = operation.getTransposeA();
        int length = isTransposed ? n : m;
        double[] y = beta == 0 ? new double[length] : c.load(length, operation.getStepC());
        if (beta != 0) {
            Arithmetic.LIBRARY.dscal(length, beta, y, 1);
        }
        if (alpha != 0) {
            double[] x = b.load(isTransposed ? m : n, operation.getStepB());
            inPanels(m, n, (column, columns) -> {
                double[] panel = a.load(operation.getStepA(), 0, m, column, columns);
                if (isTransposed) {
                    Arithmetic.LIBRARY.dgemv("T", m, columns, alpha, panel, 0, m, x, 0, 1, 1, y, column, 1);
                } else {
                    Arithmetic.LIBRARY.dgemv("N", m, columns, alpha, panel, 0, m, x, column, 1, 1, y, 0, 1);
                }
            });
        }
        c.store(length, operation.getStepC(), 0, y);
    }

    void addProductOfVectors(double alpha) throws DeviceException {
        int m = operation.getM();
        int n = operation.getN();
        if (m == 0 || n == 0 || alpha == 0) {
            return;
        }
        double[] x = a.load(m, operation.getStepA());
        double[] y = b.load(n, operation.getStepB());
        inPanels(m, n, (column, columns) -> {
            double[] panel = c.load(operation.getStepC(), 0, m, column, columns);
            Arithmetic.LIBRARY.dger(m, columns, alpha, x, 0, 1, y, column, 1, panel, 0, m);
            c.store(operation.getStepC(), 0, m, column, columns, panel);
        });
    }

    void multiplyTriangle() throws DeviceException {
        int n = operation.getN();
        if (n == 0) {
            return;
        }
        interruption.check();
        double[] x = c.load(n, operation.getStepC());
        Arithmetic.LIBRARY.dtrmv(uplo(), trans(), diag(), n, triangle(n), n, x, 1);
        c.store(n, operation.getStepC(), 0, x);
    }

    /** Columns of the right side are independent if the triangle is on the left, rows if it is on the right. */
    void solveTriangle(double alpha) throws DeviceException {
        int m = operation.getM();
        int n = operation.getN();
        if (m == 0 || n == 0) {
            return;
        }
        boolean isRight = operation.getRight();
        int order = isRight ? n : m;
        double[] triangle = alpha == 0 ? new double[0] : triangle(order);
        inPanels(order, isRight ? m : n, (first, count) -> {
            int row = isRight ? first : 0;
            int rows = isRight ? count : m;
            int column = isRight ? 0 : first;
            int columns = isRight ? n : count;
            double[] panel = new double[Math.multiplyExact(rows, columns)];
            if (alpha != 0) {
                panel = c.load(operation.getStepC(), row, rows, column, columns);
                Arithmetic.LIBRARY.dtrsm(
                        isRight ? "R" : "L",
                        uplo(),
                        trans(),
                        diag(),
                        rows,
                        columns,
                        alpha,
                        triangle,
                        order,
                        panel,
                        rows);
            }
            c.store(operation.getStepC(), row, rows, column, columns, panel);
        });
    }

    void add(double alpha, double beta) throws DeviceException {
        int m = operation.getM();
        int n = operation.getN();
        inPanels(m, n, (column, columns) -> {
            for (int j = column; j < column + columns; j++) {
                for (int i = 0; i < m; i++) {
                    double sum =
                            alpha == 0 ? 0 : alpha * a.get(at(operation.getTransposeA(), operation.getStepA(), i, j));
                    if (beta != 0) {
                        sum += beta * b.get(at(operation.getTransposeB(), operation.getStepB(), i, j));
                    }
                    c.set((long) j * operation.getStepC() + i, sum);
                }
            }
        });
    }

    private static long at(boolean isTransposed, int leading, int row, int column) {
        return isTransposed ? (long) row * leading + column : (long) column * leading + row;
    }

    /** The whole matrix; the other triangle is not looked at. */
    private double[] triangle(int order) {
        return a.load(operation.getStepA(), 0, order, 0, order);
    }

    private String uplo() {
        return operation.getUpper() ? "U" : "L";
    }

    private String trans() {
        return operation.getTransposeA() ? "T" : "N";
    }

    private String diag() {
        return operation.getUnit() ? "U" : "N";
    }
}
