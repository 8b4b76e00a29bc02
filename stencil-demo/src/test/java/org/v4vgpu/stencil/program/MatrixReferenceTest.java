package org.v4vgpu.stencil.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MatrixReferenceTest {
    @Test
    void acceptsTheProductOfSmallIntegers() {
        Workload.Verdict verdict = MatrixReference.compare(
                new float[] {1, 2, 3, 4}, new float[] {5, 6, 7, 8}, new float[] {19, 22, 43, 50}, 2);
        assertEquals(new Workload.Verdict(true, 0, verdict.tolerance()), verdict);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 5, 17, 130})
    void acceptsAProductInSinglePrecision(int n) {
        float[] a = random(n, 1);
        float[] b = random(n, 2);
        Workload.Verdict verdict = MatrixReference.compare(a, b, product(a, b, n), n);
        assertTrue(verdict.verified(), verdict::toString);
        assertTrue(verdict.maximumError() <= verdict.tolerance(), verdict::toString);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 17, 130})
    void refusesOneProductTooMany(int n) {
        float[] a = random(n, 1);
        float[] b = random(n, 2);
        float[] c = product(a, b, n);
        int row = n - 1;
        int column = n / 2;
        c[row * n + column] += a[row * n] * b[column];
        assertFalse(MatrixReference.compare(a, b, c, n).verified());
    }

    @Test
    void refusesNaNAndTheTransposedProduct() {
        int n = 9;
        float[] a = random(n, 1);
        float[] b = random(n, 2);
        float[] c = product(a, b, n);
        c[n * n - 1] = Float.NaN;
        Workload.Verdict verdict = MatrixReference.compare(a, b, c, n);
        assertFalse(verdict.verified());
        assertTrue(Double.isNaN(verdict.maximumError()));
        assertFalse(MatrixReference.compare(b, a, product(a, b, n), n).verified());
    }

    private static float[] random(int n, long seed) {
        Random random = new Random(seed);
        float[] matrix = new float[n * n];
        for (int i = 0; i < matrix.length; i++) {
            matrix[i] = random.nextFloat() * 2 - 1;
        }
        return matrix;
    }

    private static float[] product(float[] a, float[] b, int n) {
        float[] c = new float[n * n];
        for (int row = 0; row < n; row++) {
            for (int column = 0; column < n; column++) {
                float sum = 0;
                for (int k = 0; k < n; k++) {
                    sum += a[row * n + k] * b[k * n + column];
                }
                c[row * n + column] = sum;
            }
        }
        return c;
    }
}
