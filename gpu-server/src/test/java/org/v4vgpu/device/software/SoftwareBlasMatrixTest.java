package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.BlasOperation;
import org.v4vgpu.proto.BlasRoutine;
import org.v4vgpu.proto.CudaStatus;

/** Every routine for matrices against sums written down as their definitions, in both precisions. */
final class SoftwareBlasMatrixTest extends BlasOnDevice {
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void productsOfMatrices(boolean isWide) throws DeviceException {
        wide = isWide;
        int[][] sizes = {{1, 1, 1}, {3, 5, 7}, {64, 1, 33}, {130, 140, 520}, {300, 260, 9}, {4, 4, 0}};
        for (int[] size : sizes) {
            for (int transposes = 0; transposes < 4; transposes++) {
                boolean ta = (transposes & 1) != 0;
                boolean tb = (transposes & 2) != 0;
                int m = size[0];
                int n = size[1];
                int k = size[2];
                int lda = Math.max(1, ta ? k : m) + 3;
                int ldb = Math.max(1, tb ? n : k) + 2;
                int ldc = m + 1;
                double[] a = numbers(lda * (ta ? m : Math.max(k, 1)));
                double[] b = numbers(ldb * (tb ? Math.max(k, 1) : n));
                double[] c = numbers(ldc * n);
                double[] expected = c.clone();
                for (int i = 0; i < m; i++) {
                    for (int j = 0; j < n; j++) {
                        double sum = 0;
                        for (int l = 0; l < k; l++) {
                            sum += (ta ? a[l + i * lda] : a[i + l * lda]) * (tb ? b[j + l * ldb] : b[l + j * ldb]);
                        }
                        expected[i + j * ldc] = 0.5 * sum + 2 * c[i + j * ldc];
                    }
                }
                long result = put(c);
                enqueue(product(m, n, k, put(a), lda, put(b), ldb, result, ldc)
                        .setTransposeA(ta)
                        .setTransposeB(tb)
                        .setAlpha(0.5)
                        .setBeta(2));
                assertNumbers(expected, result);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void batchesOfProducts(boolean isWide) throws DeviceException {
        wide = isWide;
        int m = 5;
        int n = 4;
        int k = 3;
        int count = 6;
        double[] a = numbers(m * k * count);
        double[] b = numbers(k * n);
        double[] expected = new double[m * n * count];
        for (int p = 0; p < count; p++) {
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    for (int l = 0; l < k; l++) {
                        expected[p * m * n + i + j * m] += a[p * m * k + i + l * m] * b[l + j * k];
                    }
                }
            }
        }
        long deviceA = put(a);
        long deviceB = put(b);
        double[] garbage = new double[m * n * count];
        Arrays.fill(garbage, NAN);
        long strided = put(garbage);
        enqueue(product(m, n, k, deviceA, m, deviceB, k, strided, m)
                .setAlpha(1)
                .setCount(count)
                .setStrideA((long) m * k)
                .setStrideC((long) m * n));
        assertNumbers(expected, strided);

        long pointed = put(garbage);
        long[] as = new long[count];
        long[] bs = new long[count];
        long[] cs = new long[count];
        for (int p = 0; p < count; p++) {
            as[p] = deviceA + (long) p * m * k * width();
            bs[p] = deviceB;
            cs[p] = pointed + (long) p * m * n * width();
        }
        enqueue(product(m, n, k, putAddresses(as), m, putAddresses(bs), k, putAddresses(cs), m)
                .setAlpha(1)
                .setCount(count)
                .setPointers(true));
        assertNumbers(expected, pointed);

        cs[3] = 0x1234;
        enqueue(product(m, n, k, putAddresses(as), m, putAddresses(bs), k, putAddresses(cs), m)
                .setAlpha(1)
                .setCount(count)
                .setPointers(true));
        assertStatus(CudaStatus.ILLEGAL_ADDRESS, () -> stream.await(LONG));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void matrixTimesVectorAndOuterProduct(boolean isWide) throws DeviceException {
        wide = isWide;
        for (int[] steps : new int[][] {{1, 1}, {2, -3}, {-1, 2}}) {
            for (boolean transposed : new boolean[] {false, true}) {
                int m = 70;
                int n = 45;
                int lda = 72;
                int inner = transposed ? m : n;
                int outer = transposed ? n : m;
                double[] a = numbers(lda * n);
                double[] x = numbers(length(inner, steps[0]));
                double[] y = numbers(length(outer, steps[1]));
                double[] expected = y.clone();
                for (int i = 0; i < outer; i++) {
                    double sum = 0;
                    for (int j = 0; j < inner; j++) {
                        sum += (transposed ? a[j + i * lda] : a[i + j * lda]) * x[at(j, inner, steps[0])];
                    }
                    int iy = at(i, outer, steps[1]);
                    expected[iy] = 2 * sum - y[iy];
                }
                long result = put(y);
                enqueue(operation()
                        .setRoutine(BlasRoutine.BLAS_GEMV)
                        .setTransposeA(transposed)
                        .setM(m)
                        .setN(n)
                        .setA(put(a))
                        .setStepA(lda)
                        .setB(put(x))
                        .setStepB(steps[0])
                        .setC(result)
                        .setStepC(steps[1])
                        .setAlpha(2)
                        .setBeta(-1));
                assertNumbers(expected, result);
            }
            double[] x = numbers(length(9, steps[0]));
            double[] y = numbers(length(6, steps[1]));
            double[] a = numbers(11 * 6);
            double[] expected = a.clone();
            for (int i = 0; i < 9; i++) {
                for (int j = 0; j < 6; j++) {
                    expected[i + j * 11] += 3 * x[at(i, 9, steps[0])] * y[at(j, 6, steps[1])];
                }
            }
            long result = put(a);
            enqueue(operation()
                    .setRoutine(BlasRoutine.BLAS_GER)
                    .setM(9)
                    .setN(6)
                    .setA(put(x))
                    .setStepA(steps[0])
                    .setB(put(y))
                    .setStepB(steps[1])
                    .setC(result)
                    .setStepC(11)
                    .setAlpha(3));
            assertNumbers(expected, result);
        }
    }

    /** What is solved and then multiplied is what it was. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void trianglesOfEveryKind(boolean isWide) throws DeviceException {
        wide = isWide;
        for (int kind = 0; kind < 16; kind++) {
            boolean upper = (kind & 1) != 0;
            boolean transposed = (kind & 2) != 0;
            boolean unit = (kind & 4) != 0;
            boolean right = (kind & 8) != 0;
            int m = 12;
            int n = 7;
            int order = right ? n : m;
            int lda = order + 2;
            int ldb = m + 1;
            double[] a = new double[lda * order];
            double[] full = new double[order * order];
            for (int j = 0; j < order; j++) {
                for (int i = 0; i < order; i++) {
                    double value = i == j ? 2 + random.nextDouble() : 0.2 * random.nextDouble();
                    boolean belongs = upper ? i <= j : i >= j;
                    a[i + j * lda] = belongs && !(unit && i == j) ? value : NAN;
                    double used = belongs ? (unit && i == j ? 1 : value) : 0;
                    full[transposed ? j + i * order : i + j * order] = used;
                }
            }
            double[] b = numbers(ldb * n);
            long x = put(b);
            BlasOperation.Builder triangle = operation()
                    .setUpper(upper)
                    .setTransposeA(transposed)
                    .setUnit(unit)
                    .setRight(right)
                    .setA(put(a))
                    .setStepA(lda);
            enqueue(triangle.clone()
                    .setRoutine(BlasRoutine.BLAS_TRSM)
                    .setM(m)
                    .setN(n)
                    .setC(x)
                    .setStepC(ldb)
                    .setAlpha(2));
            double[] solved = get(x, b.length);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = 0;
                    for (int l = 0; l < order; l++) {
                        sum += right
                                ? solved[i + l * ldb] * full[l + j * order]
                                : full[i + l * order] * solved[l + j * ldb];
                    }
                    assertEquals(2 * b[i + j * ldb], sum, 1e-3, "kind " + kind);
                }
            }
            double[] v = numbers(length(order, -2));
            double[] expected = v.clone();
            for (int i = 0; i < order; i++) {
                double sum = 0;
                for (int l = 0; l < order; l++) {
                    sum += full[i + l * order] * v[at(l, order, -2)];
                }
                expected[at(i, order, -2)] = sum;
            }
            long vector = put(v);
            enqueue(triangle.clone()
                    .setRoutine(BlasRoutine.BLAS_TRMV)
                    .setN(order)
                    .setC(vector)
                    .setStepC(-2));
            assertNumbers(expected, vector);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void sumsAndTransposes(boolean isWide) throws DeviceException {
        wide = isWide;
        int m = 6;
        int n = 4;
        double[] a = numbers(8 * 6);
        double[] b = numbers(7 * 4);
        double[] expected = new double[6 * 4];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                expected[i + j * m] = 2 * a[j + i * 8] - b[i + j * 7];
            }
        }
        long result = put(new double[m * n]);
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_GEAM)
                .setTransposeA(true)
                .setM(m)
                .setN(n)
                .setA(put(a))
                .setStepA(8)
                .setB(put(b))
                .setStepB(7)
                .setC(result)
                .setStepC(m)
                .setAlpha(2)
                .setBeta(-1));
        assertNumbers(expected, result);
    }
}
