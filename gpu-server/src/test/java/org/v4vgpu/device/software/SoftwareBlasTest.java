package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.BlasOperation;
import org.v4vgpu.proto.BlasRoutine;
import org.v4vgpu.proto.CudaStatus;

/** Every routine for vectors against sums written down as their definitions, in both precisions; and the rules of all. */
final class SoftwareBlasTest extends BlasOnDevice {
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void vectorsWithStepsInEitherDirection(boolean isWide) throws DeviceException {
        wide = isWide;
        for (int n : new int[] {0, 1, 7, 300}) {
            for (int stepX : new int[] {1, 3, -2}) {
                for (int stepY : new int[] {1, 2, -1}) {
                    double[] x = numbers(length(n, stepX));
                    double[] y = numbers(length(n, stepY));
                    double[] added = y.clone();
                    double[] copied = y.clone();
                    double[] swappedX = x.clone();
                    double dot = 0;
                    for (int i = 0; i < n; i++) {
                        int ix = at(i, n, stepX);
                        int iy = at(i, n, stepY);
                        added[iy] += 1.5 * x[ix];
                        copied[iy] = x[ix];
                        swappedX[ix] = y[iy];
                        dot += x[ix] * y[iy];
                    }
                    long deviceX = put(x);
                    long deviceY = put(y);
                    BlasOperation.Builder both = operation()
                            .setN(n)
                            .setA(deviceX)
                            .setStepA(stepX)
                            .setC(deviceY)
                            .setStepC(stepY);
                    enqueue(both.clone().setRoutine(BlasRoutine.BLAS_AXPY).setAlpha(1.5));
                    assertNumbers(added, deviceY);
                    put(y, deviceY);
                    enqueue(both.clone().setRoutine(BlasRoutine.BLAS_SWAP));
                    assertNumbers(copied, deviceY);
                    assertNumbers(swappedX, deviceX);
                    put(x, deviceX);
                    put(y, deviceY);
                    enqueue(both.clone().setRoutine(BlasRoutine.BLAS_COPY));
                    assertNumbers(copied, deviceY);
                    put(y, deviceY);
                    assertEquals(
                            dot,
                            reduce(operation()
                                    .setRoutine(BlasRoutine.BLAS_DOT)
                                    .setN(n)
                                    .setA(deviceX)
                                    .setStepA(stepX)
                                    .setB(deviceY)
                                    .setStepB(stepY)),
                            1e-3);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void normsAndTheirKind(boolean isWide) throws DeviceException {
        wide = isWide;
        double[] x = numbers(length(200, 2));
        x[2 * 150] = -99;
        x[2 * 170] = 99;
        long onDevice = put(x);
        double squares = 0;
        double sum = 0;
        for (int i = 0; i < 200; i++) {
            squares += x[2 * i] * x[2 * i];
            sum += Math.abs(x[2 * i]);
        }
        BlasOperation.Builder of = operation().setN(200).setA(onDevice).setStepA(2);
        assertEquals(Math.sqrt(squares), reduce(of.clone().setRoutine(BlasRoutine.BLAS_NRM2)), 1e-4);
        assertEquals(sum, reduce(of.clone().setRoutine(BlasRoutine.BLAS_ASUM)), 1e-3);
        assertEquals(151, reduce(of.clone().setRoutine(BlasRoutine.BLAS_IAMAX)), 0);
        for (BlasRoutine routine :
                new BlasRoutine[] {BlasRoutine.BLAS_NRM2, BlasRoutine.BLAS_ASUM, BlasRoutine.BLAS_IAMAX}) {
            assertEquals(0, reduce(of.clone().setRoutine(routine).setN(0)), 0);
            assertEquals(0, reduce(of.clone().setRoutine(routine).setStepA(-1)), 0);
        }
        double[] huge = {wide ? 1e300 : 1e30, wide ? 1e300 : 1e30, 0};
        assertEquals(
                huge[0] * Math.sqrt(2),
                reduce(operation()
                        .setRoutine(BlasRoutine.BLAS_NRM2)
                        .setN(3)
                        .setA(put(huge))
                        .setStepA(1)),
                huge[0] * 1e-6);
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_SCAL)
                .setN(200)
                .setAlpha(-2)
                .setC(onDevice)
                .setStepC(2));
        double[] scaled = x.clone();
        for (int i = 0; i < 200; i++) {
            scaled[2 * i] *= -2;
        }
        assertNumbers(scaled, onDevice);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsMultipliedByZeroIsNotLookedAt(boolean isWide) throws DeviceException {
        wide = isWide;
        double[] nans = new double[9];
        Arrays.fill(nans, NAN);
        double[] numbers = numbers(9);
        double[] zeros = new double[9];
        long result = put(nans);
        enqueue(product(3, 3, 3, put(nans), 3, put(nans), 3, result, 3));
        assertNumbers(zeros, result);
        put(numbers, result);
        enqueue(product(3, 3, 3, put(nans), 3, put(nans), 3, result, 3).setBeta(1));
        assertNumbers(numbers, result);
        put(nans, result);
        BlasOperation.Builder gemv = operation()
                .setRoutine(BlasRoutine.BLAS_GEMV)
                .setM(3)
                .setN(3)
                .setA(put(nans))
                .setStepA(3)
                .setB(put(nans))
                .setStepB(1)
                .setC(result)
                .setStepC(1);
        enqueue(gemv);
        assertEquals(0, get(result, 9)[2], 0);
        assertEquals(NAN, get(result, 9)[3], 0);
        put(nans, result);
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_GEAM)
                .setM(3)
                .setN(3)
                .setA(put(nans))
                .setStepA(3)
                .setB(put(numbers))
                .setStepB(3)
                .setC(result)
                .setStepC(3)
                .setBeta(1));
        assertNumbers(numbers, result);
        put(nans, result);
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_TRSM)
                .setM(3)
                .setN(3)
                .setA(put(nans))
                .setStepA(3)
                .setC(result)
                .setStepC(3));
        assertNumbers(zeros, result);
        put(numbers, result);
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_AXPY)
                .setN(9)
                .setA(put(nans))
                .setStepA(1)
                .setC(result)
                .setStepC(1));
        assertNumbers(numbers, result);
    }

    @Test
    void scalarsAndResultsMayBeOnTheDevice() throws DeviceException {
        wide = false;
        long scalars = put(new double[] {3, 0, 0});
        long x = put(new double[] {1, -5, 2});
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_SCAL)
                .setN(3)
                .setAlphaAddress(scalars)
                .setC(x)
                .setStepC(1));
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_ASUM)
                .setN(3)
                .setA(x)
                .setStepA(1)
                .setResultAddress(scalars + 4));
        enqueue(operation()
                .setRoutine(BlasRoutine.BLAS_IAMAX)
                .setN(3)
                .setA(x)
                .setStepA(1)
                .setResultAddress(scalars + 8));
        assertNumbers(new double[] {3, -15, 6}, x);
        assertEquals(24, get(scalars, 3)[1], 0);
        assertEquals(2, Float.floatToRawIntBits((float) get(scalars, 3)[2]));
    }

    @Test
    void wrongSizesAndRangesAreRefusedAtOnce() throws DeviceException {
        long x = put(new double[16]);
        refused(product(-1, 1, 1, x, 1, x, 1, x, 1));
        refused(product(4, 1, 1, x, 3, x, 1, x, 4));
        refused(product(4, 4, 4, x, 4, x, 4, x, 3));
        refused(product(5, 4, 4, x, 5, x, 4, x, 5));
        refused(product(4, 4, 4, x, 4, x, 4, x + 4, 4));
        refused(product(4, 4, 4, x, 4, 0x10, 4, x, 4));
        refused(product(2, 2, 2, x, 2, x, 2, x, 2).setCount(-1));
        refused(product(2, 2, 2, x, 2, x, 2, x, 2).setCount(5).setStrideC(4).setStrideA(-4));
        refused(product(2, 2, 2, x, 2, x, 2, x, 2).setCount(Integer.MAX_VALUE).setStrideC((1L << 40) - 1));
        refused(operation()
                .setRoutine(BlasRoutine.BLAS_COPY)
                .setN(Integer.MAX_VALUE)
                .setA(x)
                .setStepA(Integer.MIN_VALUE)
                .setC(x)
                .setStepC(1));
        refused(operation().setN(1));
        refused(operation().setRoutineValue(77).setN(1));
        refused(operation()
                .setRoutine(BlasRoutine.BLAS_GEMV)
                .setM(4)
                .setN(4)
                .setA(x)
                .setStepA(4)
                .setB(x)
                .setC(x)
                .setStepC(1));
        refused(operation()
                .setRoutine(BlasRoutine.BLAS_SCAL)
                .setN(16)
                .setC(x)
                .setStepC(1)
                .setAlphaAddress(0x77));
        enqueue(product(4, 4, 4, x, 4, x, 4, x, 4));
    }

    @Test
    void aCancelledProductEndsSoon() throws DeviceException {
        int n = 3000;
        long a = context.allocate(4L * n * n);
        long c = context.allocate(4L * n * n);
        context.blas()
                .enqueue(stream, product(n, n, n, a, n, a, n, c, n).setAlpha(1).build(), null);
        context.blas()
                .enqueue(stream, product(n, n, n, a, n, a, n, c, n).setAlpha(1).build(), null);
        context.cancel();
        context.close();
        assertEquals(0, device.usedBytes());
    }

    private void refused(BlasOperation.Builder operation) {
        assertStatus(CudaStatus.INVALID_VALUE, () -> enqueue(operation));
    }
}
