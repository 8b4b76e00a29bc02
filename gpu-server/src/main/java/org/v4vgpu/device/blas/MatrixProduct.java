package org.v4vgpu.device.blas;

import java.util.concurrent.ThreadFactory;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.BlasOperation;

/**
 * Products of matrices, in tiles of the result that all cores share. For one thread, which is joined by others while it runs.
 *
 * <p>A tile is computed from packed copies of its rows of {@code op(a)} and its columns of {@code op(b)}, which fit the cache and bound
 * the heap that a product takes, whatever its size.
 */
record MatrixProduct(BlasOperation operation, Elements a, Elements b, Elements c, Interruption interruption) {
    private static final int TILE_ROWS = 256;
    private static final int TILE_COLUMNS = 128;
    private static final int DEPTH = 512;

    /** Fewer operations than this are done before another thread is awake. */
    private static final double LEAST_SHARED = 1e6;

    private static final ThreadFactory HELPERS =
            Thread.ofPlatform().daemon().name("v4vgpu blas ", 1).factory();

    /** Computes every product of the batch. */
    void run(double alpha, double beta) throws DeviceException {
        int count = Math.max(1, operation.getCount());
        long tiles = tilesDown() * tilesAcross();
        for (int product = 0; product < count; product++) {
            int rank = product;
            share(tiles, tile -> tile(rank, tile, alpha, beta));
        }
    }

    private long tilesDown() {
        return (operation.getM() + TILE_ROWS - 1L) / TILE_ROWS;
    }

    private long tilesAcross() {
        return (operation.getN() + TILE_COLUMNS - 1L) / TILE_COLUMNS;
    }

    private void share(long tiles, SharedTiles.Tile work) throws DeviceException {
        double operations = 1.0 * operation.getM() * operation.getN() * operation.getK();
        int cores = operations < LEAST_SHARED ? 1 : Runtime.getRuntime().availableProcessors();
        SharedTiles.run(tiles, cores, HELPERS, work);
    }

    private void tile(int product, long tile, double alpha, double beta) throws DeviceException {
        interruption.check();
        int row = (int) (tile % tilesDown()) * TILE_ROWS;
        int column = (int) (tile / tilesDown()) * TILE_COLUMNS;
        int rows = Math.min(TILE_ROWS, operation.getM() - row);
        int columns = Math.min(TILE_COLUMNS, operation.getN() - column);
        if (operation.getWide()) {
            doubles(product, row, rows, column, columns, alpha, beta);
        } else {
            floats(product, row, rows, column, columns, (float) alpha, (float) beta);
        }
    }

    private void doubles(int product, int row, int rows, int column, int columns, double alpha, double beta)
            throws DeviceException {
        Elements to = of(c, product, operation.getStrideC());
        double[] sum =
                beta == 0 ? new double[rows * columns] : to.load(operation.getStepC(), row, rows, column, columns);
        if (beta != 0 && beta != 1) {
            Arithmetic.LIBRARY.dscal(sum.length, beta, sum, 1);
        }
        for (long from = 0; alpha != 0 && from < operation.getK(); from += DEPTH) {
            interruption.check();
            int first = (int) from;
            int depth = Math.min(DEPTH, operation.getK() - first);
            double[] left = operation.getTransposeA()
                    ? of(a, product, operation.getStrideA()).load(operation.getStepA(), first, depth, row, rows)
                    : of(a, product, operation.getStrideA()).load(operation.getStepA(), row, rows, first, depth);
            double[] right = operation.getTransposeB()
                    ? of(b, product, operation.getStrideB()).load(operation.getStepB(), column, columns, first, depth)
                    : of(b, product, operation.getStrideB()).load(operation.getStepB(), first, depth, column, columns);
            Arithmetic.LIBRARY.dgemm(
                    transA(),
                    transB(),
                    rows,
                    columns,
                    depth,
                    alpha,
                    left,
                    leadingA(rows, depth),
                    right,
                    leadingB(columns, depth),
                    1,
                    sum,
                    rows);
        }
        to.store(operation.getStepC(), row, rows, column, columns, sum);
    }

    private void floats(int product, int row, int rows, int column, int columns, float alpha, float beta)
            throws DeviceException {
        Elements to = of(c, product, operation.getStrideC());
        float[] sum =
                beta == 0 ? new float[rows * columns] : to.loadFloats(operation.getStepC(), row, rows, column, columns);
        if (beta != 0 && beta != 1) {
            Arithmetic.LIBRARY.sscal(sum.length, beta, sum, 1);
        }
        for (long from = 0; alpha != 0 && from < operation.getK(); from += DEPTH) {
            interruption.check();
            int first = (int) from;
            int depth = Math.min(DEPTH, operation.getK() - first);
            float[] left = operation.getTransposeA()
                    ? of(a, product, operation.getStrideA()).loadFloats(operation.getStepA(), first, depth, row, rows)
                    : of(a, product, operation.getStrideA()).loadFloats(operation.getStepA(), row, rows, first, depth);
            float[] right = operation.getTransposeB()
                    ? of(b, product, operation.getStrideB())
                            .loadFloats(operation.getStepB(), column, columns, first, depth)
                    : of(b, product, operation.getStrideB())
                            .loadFloats(operation.getStepB(), first, depth, column, columns);
            Arithmetic.LIBRARY.sgemm(
                    transA(),
                    transB(),
                    rows,
                    columns,
                    depth,
                    alpha,
                    left,
                    leadingA(rows, depth),
                    right,
                    leadingB(columns, depth),
                    1,
                    sum,
                    rows);
        }
        to.store(operation.getStepC(), row, rows, column, columns, sum);
    }

    private String transA() {
        return operation.getTransposeA() ? "T" : "N";
    }

    private String transB() {
        return operation.getTransposeB() ? "T" : "N";
    }

    private int leadingA(int rows, int depth) {
        return operation.getTransposeA() ? depth : rows;
    }

    private int leadingB(int columns, int depth) {
        return operation.getTransposeB() ? columns : depth;
    }

    private static Elements of(Elements first, int product, long stride) {
        if (product == 0 || stride == 0 || first.memory().byteSize() == 0) {
            return first;
        }
        long offset = product * stride * (first.wide() ? Double.BYTES : Float.BYTES);
        return new Elements(first.memory().asSlice(offset), first.wide());
    }
}
